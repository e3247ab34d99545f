//! What a listing says, in each language.

use crate::language::Language;
use crate::site::listing::order::Column;

/// The words of one language.
#[derive(Debug)]
pub(super) struct Words {
    /// For the `lang` attribute.
    pub(super) tag: &'static str,
    name: &'static str,
    size: &'static str,
    modified: &'static str,
    /// What follows the number of folders, files and bytes: of one, of any other number.
    pub(super) folders: [&'static str; 2],
    pub(super) files: [&'static str; 2],
    pub(super) bytes: [&'static str; 2],
    /// What stands before such a number.
    pub(super) before_folders: &'static str,
    pub(super) before_files: &'static str,
    /// Around the name of the time zone.
    pub(super) zone: [&'static str; 2],
}

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Korean => &KOREAN,
        }
    }

    pub(super) fn column(&self, column: Column) -> &'static str {
        match column {
            Column::Name => self.name,
            Column::Size => self.size,
            Column::Modified => self.modified,
        }
    }
}

const ENGLISH: Words = Words {
    tag: "en",
    name: "Name",
    size: "Size",
    modified: "Last modified",
    before_folders: "",
    folders: [" folder", " folders"],
    before_files: "",
    files: [" file", " files"],
    bytes: [" byte", " bytes"],
    zone: ["times in ", ""],
};

const KOREAN: Words = Words {
    tag: "ko",
    name: "이름",
    size: "크기",
    modified: "수정한 시각",
    before_folders: "폴더 ",
    folders: ["개", "개"],
    before_files: "파일 ",
    files: ["개", "개"],
    bytes: ["바이트", "바이트"],
    zone: ["시각은 ", " 기준"],
};
