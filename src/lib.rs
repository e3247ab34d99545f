//! glasshttp
pub mod http;
