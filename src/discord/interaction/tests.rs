use serde_json::{Value, json};

use super::*;

fn parse(body: &Value) -> Interaction {
    match Incoming::parse(body.to_string().as_bytes()) {
        Ok(Incoming::From(interaction)) => interaction,
        other => panic!("{other:?}: {body}"),
    }
}

/// An interaction in a server, as Discord sends it.
fn in_server(kind: u8, data: &Value) -> Value {
    json!({
        "app_permissions": "562949953601536",
        "application_id": "1290000000000000001",
        "attachment_size_limit": 10_485_760,
        "authorizing_integration_owners": { "0": "1290000000000000002" },
        "channel": {
            "flags": 0, "guild_id": "1290000000000000002", "id": "1290000000000000003",
            "last_message_id": "1290000000000000009", "name": "welcome", "nsfw": false,
            "parent_id": null, "permissions": "2248473465835073", "position": 0,
            "rate_limit_per_user": 0, "topic": null, "type": 0,
        },
        "channel_id": "1290000000000000003",
        "context": 0,
        "data": data,
        "entitlement_sku_ids": [],
        "entitlements": [],
        "guild": { "features": ["COMMUNITY"], "id": "1290000000000000002", "locale": "en-US" },
        "guild_id": "1290000000000000002",
        "guild_locale": "en-US",
        "id": "1290000000000000010",
        "locale": "en-GB",
        "member": {
            "avatar": null, "banner": null, "communication_disabled_until": null, "deaf": false, "flags": 0,
            "joined_at": "2026-11-01T10:00:00.000000+00:00", "mute": false, "nick": "Ada", "pending": false,
            "permissions": "2248473465835073", "premium_since": null, "roles": ["1290000000000000020"],
            "unusual_dm_activity_until": null,
            "user": {
                "avatar": null, "avatar_decoration_data": null, "clan": null, "collectibles": null,
                "discriminator": "0", "display_name_styles": null, "global_name": "Ada Lovelace",
                "id": "80351110224678912", "primary_guild": null, "public_flags": 0, "username": "ada",
            },
        },
        "token": "aW50ZXJhY3Rpb246MTI5MDAwMDAwMDAwMDAwMDAxMDpzZWNyZXQ",
        "type": kind,
        "version": 1,
    })
}

#[test]
fn a_ping_is_a_ping() {
    let ping = json!({
        "app_permissions": "2251799813685247", "application_id": "1290000000000000001",
        "authorizing_integration_owners": {}, "entitlements": [], "id": "1290000000000000011",
        "token": "aW50", "type": 1, "version": 1,
        "user": { "avatar": null, "discriminator": "0", "global_name": null, "id": "1", "username": "discord" },
    });
    assert!(matches!(Incoming::parse(ping.to_string().as_bytes()), Ok(Incoming::Ping)));
    assert!(matches!(Incoming::parse(br#"{"type":1}"#), Ok(Incoming::Ping)));
}

#[test]
fn a_command_is_read_with_its_options() {
    let data = json!({
        "id": "1290000000000000030", "name": "ask", "type": 1, "guild_id": "1290000000000000002",
        "options": [{ "name": "question", "type": 3, "value": "Is there Wi-Fi?" }],
    });
    let interaction = parse(&in_server(2, &data));
    assert_eq!(interaction.user.as_str(), "80351110224678912");
    assert_eq!(interaction.token.expose(), "aW50ZXJhY3Rpb246MTI5MDAwMDAwMDAwMDAwMDAxMDpzZWNyZXQ");
    assert!(matches!(&interaction.asked, Asked::Command { name, .. } if name == "ask"));
    assert_eq!(interaction.asked.typed("question"), "Is there Wi-Fi?");
    assert_eq!(interaction.asked.typed("email"), "");

    let bare = parse(&in_server(2, &json!({ "id": "1", "name": "help", "type": 1 })));
    assert_eq!(bare.asked, Asked::Command { name: "help".into(), options: Vec::new() });
}

#[test]
fn outside_of_a_server_the_user_is_in_another_field() {
    let mut body = in_server(2, &json!({ "id": "1", "name": "help", "type": 1 }));
    let user = body["member"]["user"].clone();
    body.as_object_mut().unwrap().remove("member");
    body["user"] = user;
    assert_eq!(parse(&body).user.as_str(), "80351110224678912");
}

#[test]
fn a_button_has_an_id() {
    let mut body = in_server(3, &json!({ "component_type": 2, "custom_id": "verify", "id": 2 }));
    body["message"] = json!({
        "id": "1290000000000000040", "channel_id": "1290000000000000003", "content": "Welcome!", "type": 0,
        "components": [{ "type": 1, "id": 1, "components": [
            { "type": 2, "id": 2, "style": 1, "custom_id": "verify", "label": "Verify me" },
        ] }],
    });
    assert_eq!(parse(&body).asked, Asked::Button { id: "verify".into() });
    let list = json!({ "component_type": 3, "custom_id": "verify", "values": ["x"] });
    assert_eq!(parse(&in_server(3, &list)).asked, Asked::Other);
}

#[test]
fn a_modal_has_its_fields_in_labels_or_in_rows() {
    let field = json!({ "type": 4, "id": 2, "custom_id": "email", "value": " ada@example.org " });
    for holder in [
        json!({ "type": 18, "id": 1, "component": field }),
        json!({ "type": 1, "id": 1, "components": [field] }),
    ] {
        let data = json!({ "custom_id": "verify:address", "components": [holder] });
        let asked = parse(&in_server(5, &data)).asked;
        assert!(matches!(&asked, Asked::Modal { id, .. } if id == "verify:address"));
        assert_eq!(asked.typed("email"), "ada@example.org");
    }
}

#[test]
fn an_unknown_kind_is_not_an_error() {
    assert_eq!(parse(&in_server(4, &json!({ "name": "ask", "type": 1 }))).asked, Asked::Other);
    assert_eq!(parse(&in_server(77, &json!(null))).asked, Asked::Other);
    let menu = json!({ "id": "1", "name": "ask", "type": 2, "target_id": "2" });
    assert_eq!(parse(&in_server(2, &menu)).asked, Asked::Other);
}

#[test]
fn anything_else_is_refused() {
    let mut nobody = in_server(2, &json!({ "name": "help" }));
    nobody.as_object_mut().unwrap().remove("member");
    let mut odd = in_server(2, &json!({ "name": "help" }));
    odd["member"]["user"]["id"] = json!("../roles");
    for body in ["", "{", "[]", "{}", r#"{"type":"2"}"#, &nobody.to_string(), &odd.to_string()] {
        assert!(Incoming::parse(body.as_bytes()).is_err(), "{body}");
    }
}
