//! How a folder is served, as far as the user may choose.

use super::cache_control::CacheControl;
use super::hosts::Hosts;
use crate::handler::Response;
use crate::language::Language;

/// How a folder is served: the default, and what is to differ from it.
///
/// ```
/// let mut options = glasshttp::site::SiteOptions::default();
/// options.listing = false;
/// options.headers.push(("X-Frame-Options".into(), "DENY".into()));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteOptions {
    /// Serve files and folders whose names begin with a dot; `false` by default.
    pub hidden: bool,
    /// Let symbolic links lead out of the root; `false` by default.
    pub follow_symlinks: bool,
    /// List folders that have no `index.html`; `true` by default.
    pub listing: bool,
    /// The hosts that it responds to; any by default: a server for this machine alone wants [`Hosts::ThisMachineAnd`].
    pub hosts: Hosts,
    /// The language of listings; English by default.
    pub language: Language,
    /// Respond to paths that name nothing with the root's `index.html`; `false` by default.
    pub spa: bool,
    /// The `Cache-Control` of files; no-cache by default.
    pub cache_control: CacheControl,
    /// Fields that every response of the site bears; none by default.
    pub headers: Vec<(String, String)>,
    /// Memory, in bytes, in which each event loop may keep files that it served; 32 MiB by default.
    pub cache: usize,
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            hidden: false,
            follow_symlinks: false,
            listing: true,
            hosts: Hosts::Any,
            language: Language::English,
            spa: false,
            cache_control: CacheControl::default(),
            headers: Vec::new(),
            cache: 32 << 20,
        }
    }
}

impl SiteOptions {
    /// The response as it leaves: with the fields that every one bears.
    pub(super) fn finish(&self, response: Response) -> Response {
        self.headers.iter().fold(response, |response, (name, value)| response.with(name, value))
    }
}
