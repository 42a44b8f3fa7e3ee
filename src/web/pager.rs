//! Pages of a long list.

/// One page of a long list.
#[derive(Clone, Debug)]
pub struct Pager {
    pub page: i64,
    pub per_page: i64,
    pub total: i64,
    /// The list's address with its filters; `page=N` is appended.
    base: String,
}

impl Pager {
    /// `filters` are the other names and values of the address; empty ones are left out.
    pub fn new(
        page: Option<i64>,
        per_page: i64,
        total: i64,
        path: &str,
        filters: &[(&str, &str)],
    ) -> Self {
        let last = ((total + per_page - 1) / per_page).max(1);
        let mut url = reqwest::Url::parse("http://localhost/").expect("a constant that parses");
        url.set_path(path);
        for (name, value) in filters.iter().filter(|(_, value)| !value.is_empty()) {
            url.query_pairs_mut().append_pair(name, value);
        }
        let query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        Self {
            page: page.unwrap_or(1).clamp(1, last),
            per_page,
            total,
            base: format!("{path}?{query}"),
        }
    }

    /// The list's address with its filters, without a page.
    pub fn address(&self) -> String {
        self.base.trim_end_matches(['?', '&']).to_owned()
    }

    pub fn offset(&self) -> i64 {
        (self.page - 1) * self.per_page
    }

    pub fn first(&self) -> i64 {
        (self.offset() + 1).min(self.total)
    }

    pub fn last(&self) -> i64 {
        (self.offset() + self.per_page).min(self.total)
    }

    pub fn previous(&self) -> Option<String> {
        (self.page > 1).then(|| format!("{}page={}", self.base, self.page - 1))
    }

    pub fn next(&self) -> Option<String> {
        (self.last() < self.total).then(|| format!("{}page={}", self.base, self.page + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_pages_and_keeps_its_filters() {
        let pager = Pager::new(Some(2), 50, 120, "/people", &[("q", "a b&c"), ("show", "")]);
        assert_eq!((pager.first(), pager.last()), (51, 100));
        assert_eq!(pager.next().unwrap(), "/people?q=a+b%26c&page=3");
        assert_eq!(Pager::new(Some(99), 50, 120, "/people", &[]).next(), None);
        assert_eq!(Pager::new(None, 50, 0, "/people", &[]).first(), 0);
    }
}
