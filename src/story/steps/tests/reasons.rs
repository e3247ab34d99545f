//! Why something was refused, or ended, is said: each reason, in each language, in steps and on a terminal.

use super::*;
use crate::story::width::USUAL;
use crate::story::{Occasion, Progress, block};

/// The whole of a block of the terminal, as one line.
fn shown(record: &Record, language: Language) -> String {
    let text = block(record, Occasion::Closed, &mut Progress::default(), USUAL, language);
    anstream::adapter::strip_str(&text).to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A connection that carried one exchange.
fn of_one_exchange(refused: Option<Reason>, reason: Reason) -> Record {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut any = |strategy: BoxedStrategy<Record>| strategy.new_tree(&mut runner).expect("a record").current();
    let mut record = any(record().boxed());
    let mut of = |number| exchange(number).new_tree(&mut runner).expect("an exchange").current();
    let times = Stages { response_chosen: Figure::measured(11 * MS, Source::Clock), ..of(1).stages };
    record.exchanges = vec![Exchange { refused, status: 503, stages: times, ..of(1) }];
    let end = close().new_tree(&mut runner).expect("a close").current();
    record.close = Some(Close { reason, how: How::Fin, ..end });
    record
}

#[test]
fn each_reason_is_said_once_wherever_it_stands() {
    for reason in Reason::ALL {
        let is_the_end = of_one_exchange(None, reason.clone());
        let is_of_a_request = of_one_exchange(Some(reason.clone()), Reason::Other("Another.".into()));
        let is_both = of_one_exchange(Some(reason.clone()), reason.clone());
        for (record, language) in [is_the_end, is_of_a_request, is_both]
            .iter()
            .flat_map(|record| Language::ALL.map(|language| (record, language)))
        {
            let sentence = reason.said(language);
            let titles = steps(record, language).into_iter().filter(|step| step.title == sentence);
            assert_eq!(titles.count(), 1, "{reason:?}, {language:?}");
            let story = shown(record, language);
            assert_eq!(story.matches(sentence).count(), 1, "{reason:?}, {language:?}: {story}");
        }
    }
}

#[test]
fn no_two_reasons_say_the_same() {
    for language in Language::ALL {
        let said: Vec<&str> = Reason::ALL.iter().map(|reason| reason.said(language)).collect();
        let different: std::collections::BTreeSet<&&str> = said.iter().collect();
        assert_eq!(different.len(), said.len(), "{language:?}");
        assert!(said.iter().all(|sentence| sentence.ends_with('.')), "{said:?}");
    }
}

#[test]
fn what_a_proxy_did_is_not_said_of_the_client() {
    for (language, [client, proxy]) in
        [(Language::English, ["client", "proxy"]), (Language::Korean, ["클라이언트", "프록시"])]
    {
        for reason in Reason::ALL {
            let [of_client, of_proxy] = [reason.said(language), reason.said_of_proxy(language)];
            assert!(!of_proxy.contains(client), "{reason:?}: {of_proxy}");
            assert_eq!(of_client.replace(client, proxy), of_proxy, "{reason:?}");
        }
    }
}
