//! How many input tokens a request will take, before anybody has counted them.

/// An estimate, rather too high than too low: three characters of Latin script make a token, one of another script can
/// be one.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenEstimate {
    latin: usize,
    other: usize,
}

impl TokenEstimate {
    pub fn add_text(&mut self, text: &str) {
        let latin = text.chars().filter(char::is_ascii).count();
        self.latin += latin;
        self.other += text.chars().count() - latin;
    }

    pub fn add_tokens(&mut self, tokens: usize) {
        self.other += tokens;
    }

    pub fn tokens(self) -> u32 {
        u32::try_from(self.latin.div_ceil(3) + self.other).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_estimated_rather_too_many() {
        let mut estimate = TokenEstimate::default();
        estimate.add_text("Write.");
        estimate.add_text(&"日本語".repeat(10));
        assert_eq!(estimate.tokens(), 32);
        estimate.add_tokens(300);
        assert_eq!(estimate.tokens(), 332);
    }
}
