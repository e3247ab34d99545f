//! The experiments as the page lists them: in groups, each with its setting, its question
//! and its choices.

use super::by_hand;
use super::experiment::Experiment;
use super::experiments::{GROUPS, numbered};
use super::setting::Setting;
use crate::language::Language;
use crate::language::sentence::{Text, text};
use serde::Serialize;
use serde_json::{Value, json};

const BY_HAND_QUESTION: Text = text(
    "A client fetches a small file, and you are the wire. Each segment stops in the middle: deliver it, drop it, \
     deliver it twice, or turn one of its bits. Both kernels are real, and so are their timers: if you think for \
     long, the sender sends a copy.",
    "클라이언트가 작은 파일을 가져오고, 전선은 바로 여러분입니다. 세그먼트마다 한가운데에서 멈춥니다. 전하거나, 버리거나, 두 번 전하거나, \
     비트 하나를 바꿔 보세요. 양쪽 커널도, 그 타이머도 진짜입니다. 오래 생각하면 보낸 쪽에서 복사본이 옵니다.",
);

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    number: u8,
    title: &'a str,
    question: &'a str,
    choices: Vec<&'a str>,
    acts: Vec<ListedAct<'a>>,
}

#[derive(Serialize)]
struct ListedAct<'a> {
    title: &'a str,
    setting: Setting,
}

/// Their names, each with its number.
pub fn experiments() -> impl Iterator<Item = (&'static str, u8)> {
    numbered().map(|(number, one)| (one.name, number))
}

/// All of them.
pub(super) fn list(language: Language) -> Value {
    let mut listed = numbered().map(|(number, one)| listed(number, one, language));
    let groups = GROUPS.each_ref().map(|(title, group)| {
        let experiments: Vec<Listed<'_>> = listed.by_ref().take(group.len()).collect();
        json!({ "title": title.of(language), "experiments": experiments })
    });
    let by_hand = json!({
        "name": by_hand::NAME,
        "title": by_hand::TITLE.of(language),
        "question": BY_HAND_QUESTION.of(language),
    });
    json!({ "groups": groups, "by_hand": by_hand })
}

fn listed(number: u8, experiment: &'static Experiment, language: Language) -> Listed<'static> {
    let act = |act: &'static super::experiment::Act| ListedAct {
        title: act.title.of(language),
        setting: Setting::of(&act.own_wire(), language),
    };
    Listed {
        name: experiment.name,
        number,
        title: experiment.title.of(language),
        question: experiment.question.of(language),
        choices: experiment.choices.iter().map(|choice| choice.of(language)).collect(),
        acts: experiment.acts.iter().map(act).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_experiment_has_a_name_of_its_own_and_is_listed_with_its_number() {
        let names: std::collections::HashSet<_> = experiments().map(|(name, _)| name).collect();
        let listed = list(Language::English);
        let groups = listed["groups"].as_array().expect("groups").iter();
        let numbers: Vec<_> = groups.flat_map(|group| group["experiments"].as_array().expect("experiments")).collect();
        assert_eq!(numbers.len(), names.len());
        assert!((1..).zip(numbers).all(|(number, one)| one["number"] == number));
    }
}
