//! The ids and permissions of the test server.

/// The ids of what exists from the beginning.
pub const APPLICATION: &str = "1100000000000000001";
pub const GUILD: &str = "1100000000000000002";
pub const OWNER: &str = "1100000000000000003";
pub const BOT_USER: &str = "1100000000000000004";
pub const BOT_ROLE: &str = "1100000000000000005";
/// Invented; only this server knows it.
pub const TOKEN: &str = "MTEwMDAw.test-token.of-a-bot-that-nobody-has";
/// The key of the first test vector of RFC 8032.
pub const PUBLIC_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
pub const PUBLIC_URL: &str = "https://muster.example";

pub const ADMINISTRATOR: u64 = 1 << 3;
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
