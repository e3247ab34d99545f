//! serde's data as JSON on one line: as `serde_json` writes it, with our escapes made in the same pass. Names of
//! fields, which are the program's own, are not searched for any, and texts many bytes at a time.

use crate::escape::{are_plain, is_plain_byte, is_treacherous};
use itoa::{Buffer, Integer};
use serde::Serialize;
use serde::ser::{self, Serializer};
use serde_json::Error;
use std::fmt::Display;
use std::io::Write as _;

/// Writes a value behind what is there.
pub(super) struct Writer<'o>(pub(super) &'o mut Vec<u8>);

impl<'o> Writer<'o> {
    fn push(self, json: &str) -> Result<(), Error> {
        self.0.extend_from_slice(json.as_bytes());
        Ok(())
    }

    fn push_integer(self, number: impl Integer) -> Result<(), Error> {
        self.push(Buffer::new().format(number))
    }

    /// Of a variant: its name, and what begins behind it.
    fn begin_variant(self, variant: &str, begin: &str) -> &'o mut Vec<u8> {
        for piece in ["{\"", variant, "\":", begin] {
            self.0.extend_from_slice(piece.as_bytes());
        }
        self.0
    }

    fn begin(self, begin: u8, end: &'static str) -> Elements<'o> {
        self.0.push(begin);
        Elements { out: self.0, are_any: false, end }
    }
}

/// Elements of a list, or of an object, that has begun.
pub(super) struct Elements<'o> {
    out: &'o mut Vec<u8>,
    are_any: bool,
    end: &'static str,
}

impl Elements<'_> {
    fn begin_next(&mut self) {
        if std::mem::replace(&mut self.are_any, true) {
            self.out.push(b',');
        }
    }

    fn push(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.begin_next();
        value.serialize(Writer(self.out))
    }

    fn push_field(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.out.reserve(name.len() + 4);
        self.begin_next();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.serialize(Writer(self.out))
    }

    fn finish(self) -> Result<(), Error> {
        Writer(self.out).push(self.end)
    }
}

macro_rules! integers {
    ($($name:ident $of:ty)*) => {
        $(fn $name(self, number: $of) -> Result<(), Error> {
            self.push_integer(number)
        })*
    };
}

macro_rules! floats {
    ($($name:ident $of:ty)*) => {
        $(fn $name(self, number: $of) -> Result<(), Error> {
            serde_json::to_writer(self.0, &number)
        })*
    };
}

impl<'o> Serializer for Writer<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Elements<'o>;
    type SerializeTuple = Elements<'o>;
    type SerializeTupleStruct = Elements<'o>;
    type SerializeTupleVariant = Elements<'o>;
    type SerializeMap = Elements<'o>;
    type SerializeStruct = Elements<'o>;
    type SerializeStructVariant = Elements<'o>;

    integers! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    }

    floats! { serialize_f32 f32 serialize_f64 f64 }

    fn serialize_bool(self, is: bool) -> Result<(), Error> {
        self.push(if is { "true" } else { "false" })
    }

    fn serialize_char(self, character: char) -> Result<(), Error> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        push_text(self.0, text);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        let start = self.0.len();
        write!(self.0, "\"{value}\"").map_err(Error::io)?;
        let end = self.0.len() - 1;
        if !are_plain(&self.0[start + 1..end]) {
            self.0.truncate(start);
            push_text(self.0, &value.to_string());
        }
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.push("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.push("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.push("null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.0.push(b'"');
        self.0.extend_from_slice(variant.as_bytes());
        self.push("\"")
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let out = self.begin_variant(variant, "");
        value.serialize(Writer(out))?;
        Writer(out).push("}")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'o>, Error> {
        Ok(self.begin(b'[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'o>, Error> {
        Ok(self.begin(b'[', "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements<'o>, Error> {
        Ok(self.begin(b'[', "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'o>, Error> {
        Ok(Writer(self.begin_variant(variant, "")).begin(b'[', "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'o>, Error> {
        Ok(self.begin(b'{', "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Elements<'o>, Error> {
        Ok(self.begin(b'{', "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'o>, Error> {
        Ok(Writer(self.begin_variant(variant, "")).begin(b'{', "}}"))
    }
}

macro_rules! lists {
    ($($form:ident $push:ident)*) => {
        $(impl ser::$form for Elements<'_> {
            type Ok = ();
            type Error = Error;

            fn $push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        })*
    };
}

macro_rules! objects {
    ($($form:ident)*) => {
        $(impl ser::$form for Elements<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.push_field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        })*
    };
}

lists! {
    SerializeSeq serialize_element SerializeTuple serialize_element
    SerializeTupleStruct serialize_field SerializeTupleVariant serialize_field
}

objects! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.begin_next();
        let start = self.out.len();
        key.serialize(Writer(self.out))?;
        // Of a number, too, a text.
        if self.out.get(start) != Some(&b'"') {
            self.out.insert(start, b'"');
            self.out.push(b'"');
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.push(b':');
        value.serialize(Writer(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    if are_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        push_escaped(out, text);
    }
    out.push(b'"');
}

fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain_byte(byte)) {
        let (plain, more) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut characters = more.chars();
        let Some(character) = characters.next() else { return };
        rest = characters.as_str();
        let letter = match character {
            '"' | '\\' => character as u8,
            '\r' => b'r',
            '\n' => b'n',
            '\t' => b't',
            '\u{8}' => b'b',
            '\u{c}' => b'f',
            _ => {
                push_treacherous(out, character);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
    out.extend_from_slice(rest.as_bytes());
}

/// A character by its number, if it is treacherous.
fn push_treacherous(out: &mut Vec<u8>, character: char) {
    if !is_treacherous(character) {
        return out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to memory does not fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}
