//! URLs: the base that requests are appended to, and where a request goes below it.

use reqwest::Url;

/// A base URL that requests can be appended to.
pub(crate) fn read_base(text: &str) -> Result<Url, &'static str> {
    let url = read_url(text)?;
    if url.query().is_some() {
        return Err("must not have a query or a fragment");
    }
    Ok(url)
}

/// A URL of the web.
pub(crate) fn read_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must start with https:// or http://");
    }
    if !url.has_host() {
        return Err("has no host");
    }
    if url.fragment().is_some() {
        return Err("must not have a query or a fragment");
    }
    Ok(url)
}

/// The full URL of a request's path: below the base, on its host.
pub(crate) fn below(base: &Url, path_and_query: &str) -> Result<Url, &'static str> {
    if path_and_query.is_empty() {
        return Ok(base.clone());
    }
    if base.query().is_some() {
        return Err("nothing can be appended to a URL with a query");
    }
    // Anything else could continue the host name: "https://host" + "@elsewhere".
    if !path_and_query.starts_with(['/', '?']) || path_and_query.contains('#') {
        return Err("the request path must be empty or start with / or ?, without #");
    }
    let text = base.as_str();
    let text = if path_and_query.starts_with('/') { text.trim_end_matches('/') } else { text };
    let url = Url::parse(&format!("{text}{path_and_query}")).map_err(|_| "the request path makes no URL")?;
    let base_path = base.path().trim_end_matches('/');
    if url.origin() != base.origin() || !url.path().starts_with(base_path) {
        return Err("the request path leaves the base URL");
    }
    Ok(url)
}
