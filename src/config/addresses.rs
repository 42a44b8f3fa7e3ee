//! Web addresses in settings.

/// A web address, unchanged.
pub fn web_address(value: &str) -> Option<String> {
    let url = reqwest::Url::parse(value).ok()?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && !value.chars().any(|c| c.is_whitespace() || c.is_control());
    fits.then(|| value.to_owned())
}

/// The address of a service. Secrets are sent there, so it must be https or this machine.
pub(super) fn service_address(value: &str) -> Option<String> {
    let address = web_address(value)?;
    let url = reqwest::Url::parse(value).ok()?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    (url.scheme() == "https" || local).then(|| address.trim_end_matches('/').to_owned())
}
