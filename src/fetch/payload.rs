//! What is sent behind a request's head: all of it, for it may have to be sent twice.

use super::options::Data;
use crate::record::Failure;
use crate::record::failure::FileFault;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// How a form is encoded (WHATWG URL, 5.2).
const FORM: &str = "application/x-www-form-urlencoded";
/// The longest body of a request, in bytes.
const LONGEST: u64 = 64 << 20;

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pub(super) bytes: Arc<[u8]>,
    /// What it is, where no field says so.
    pub(super) media_type: String,
}

impl Payload {
    /// Reads it.
    ///
    /// # Errors
    /// If it can't be read, or is too long.
    pub(super) fn read(data: &Data) -> Result<Self, Failure> {
        let path = match data {
            Data::Form(form) => {
                return Ok(Self { bytes: form.as_bytes().into(), media_type: FORM.to_owned() });
            }
            Data::File(path) => path,
        };
        let is_stdin = path.as_os_str() == "-";
        let mut bytes = Vec::new();
        let source = if is_stdin { Ok(Box::new(io::stdin()) as Box<dyn Read>) } else { opened(path) };
        source
            .and_then(|source| source.take(LONGEST + 1).read_to_end(&mut bytes))
            .map_err(|error| Failure::File { path: path.clone(), fault: FileFault::Read(error.into()) })?;
        if bytes.len() as u64 > LONGEST {
            return Err(Failure::File { path: path.clone(), fault: FileFault::TooLong { most: LONGEST >> 20 } });
        }
        let media_type = mime_guess::from_path(path).first_or_octet_stream().to_string();
        Ok(Self { bytes: bytes.into(), media_type })
    }
}

fn opened(path: &std::path::Path) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(File::open(path)?))
}
