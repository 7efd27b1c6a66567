//! What a path means.

use custos_operations::operation::Prefix;

/// The two bases, which are the same routes.
const BASES: [&str; 2] = ["/api", "/cats-gateway"];

/// What a path below a base calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) prefix: Prefix,
    pub(crate) name: &'a str,
}

/// The operation that a path calls, whether or not there is one of that name; `None` for a path that is no route.
pub(crate) fn target(path: &str) -> Option<Target<'_>> {
    let rest = BASES.iter().find_map(|base| path.strip_prefix(base))?.strip_prefix('/')?;
    let prefixed = |prefix: Prefix, name| Some(Target { prefix, name });
    match rest {
        "logout" | "thirdExt/now" | "geoip/country" => return prefixed(Prefix::Bare, rest),
        "global/thirdExt/randomKey" => return prefixed(Prefix::Global, "thirdExt/randomKey"),
        _ => {}
    }
    let (prefix, name) = [
        ("global/", Prefix::Global),
        ("login/", Prefix::Login),
        ("register/", Prefix::Register),
        ("third/login/", Prefix::ThirdLogin),
        ("openapi-b/auth/", Prefix::OfficeAuth),
        ("openapi-b/", Prefix::Office),
    ]
    .into_iter()
    .find_map(|(start, prefix)| rest.strip_prefix(start).map(|name| (prefix, name)))?;
    let fits = !name.is_empty() && name.len() <= 200 && !name.contains('/');
    fits.then_some(Target { prefix, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_call() {
        let of = |path| target(path).map(|target| (target.prefix, target.name));
        assert_eq!(of("/api/global/a.b"), Some((Prefix::Global, "a.b")));
        assert_eq!(of("/cats-gateway/login/a.b"), Some((Prefix::Login, "a.b")));
        assert_eq!(of("/api/third/login/a.b"), Some((Prefix::ThirdLogin, "a.b")));
        assert_eq!(of("/cats-gateway/openapi-b/a.b"), Some((Prefix::Office, "a.b")));
        assert_eq!(of("/api/openapi-b/auth/a.b"), Some((Prefix::OfficeAuth, "a.b")));
        assert_eq!(of("/api/logout"), Some((Prefix::Bare, "logout")));
        assert_eq!(of("/api/global/thirdExt/randomKey"), Some((Prefix::Global, "thirdExt/randomKey")));
        for none in [
            "/",
            "/api",
            "/api/",
            "/api/global/",
            "/api/global/a/b",
            "/apis/global/a",
            "/x/global/a.b",
            "/openapi-b/a.b",
            "/api/openapi-b/a/b",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
