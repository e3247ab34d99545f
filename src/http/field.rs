//! The header fields that the server writes in its responses: each name stands here once.

/// Who may write a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Writer {
    /// The server alone: two different ones would be a lie.
    Server,
    /// The user may set one of their own.
    Anybody,
}

/// A line each: its constant, its name, who may write it, what it says.
macro_rules! response_fields {
    ($($constant:ident $name:literal $writer:ident $what:literal;)*) => {
        $(#[doc = $what] pub const $constant: &str = $name;)*

        /// All of them, and who may write each.
        pub const RESPONSE: &[(&str, Writer)] = &[$(($constant, Writer::$writer),)*];
    };
}

response_fields! {
    ACCEPT_RANGES "Accept-Ranges" Server "Parts can be had (RFC 9110 §14.3).";
    ALLOW_ORIGIN "Access-Control-Allow-Origin" Anybody "Whose pages may read the response (Fetch standard): the live page's.";
    ALLOW "Allow" Anybody "The methods that are supported (RFC 9110 §10.2.1).";
    CACHE_CONTROL "Cache-Control" Server "What caches may do with it (RFC 9111 §5.2); `--cache-control` says it.";
    CONNECTION "Connection" Server "Whether the connection goes on (RFC 9110 §7.6.1).";
    CONTENT_ENCODING "Content-Encoding" Server "How the file is compressed (RFC 9110 §8.4).";
    CONTENT_LENGTH "Content-Length" Server "How long the body is, in bytes (RFC 9110 §8.6).";
    CONTENT_RANGE "Content-Range" Server "Which part it is, and of how many bytes (RFC 9110 §14.4).";
    CONTENT_SECURITY_POLICY "Content-Security-Policy" Anybody "What the live page may load (CSP 3).";
    CONTENT_TYPE "Content-Type" Server "What kind of data it is (RFC 9110 §8.3).";
    CROSS_ORIGIN_EMBEDDER_POLICY "Cross-Origin-Embedder-Policy" Anybody "What the live page may embed (HTML standard).";
    CROSS_ORIGIN_OPENER_POLICY "Cross-Origin-Opener-Policy" Anybody "With whom the live page shares a process (HTML standard).";
    CROSS_ORIGIN_RESOURCE_POLICY "Cross-Origin-Resource-Policy" Anybody "Who may embed the live page (Fetch standard).";
    DATE "Date" Server "When it was made (RFC 9110 §6.6.1).";
    ETAG "ETag" Server "A name of these very bytes (RFC 9110 §8.8.3).";
    LAST_MODIFIED "Last-Modified" Server "When the file changed (RFC 9110 §8.8.2).";
    LOCATION "Location" Anybody "Where to ask instead, as of a folder whose slash was missing (RFC 9110 §10.2.2).";
    REFERRER_POLICY "Referrer-Policy" Anybody "That links from the live page name nobody (Referrer Policy).";
    RETRY_AFTER "Retry-After" Anybody "When it is worth asking again, in seconds (RFC 9110 §10.2.3).";
    SERVER "Server" Server "What responds (RFC 9110 §10.2.4).";
    SERVER_TIMING "Server-Timing" Anybody "The connection's number, and what the server measured (Server Timing).";
    TIMING_ALLOW_ORIGIN "Timing-Allow-Origin" Anybody "Whose pages may read the times (Resource Timing).";
    TRANSFER_ENCODING "Transfer-Encoding" Server "Never written, for HTTP/1.0 has none; nobody else may either.";
    VARY "Vary" Anybody "Which fields of the request it depends on (RFC 9110 §12.5.5).";
    CONTENT_TYPE_OPTIONS "X-Content-Type-Options" Anybody "That browsers are not to guess the type (Fetch standard).";
}
