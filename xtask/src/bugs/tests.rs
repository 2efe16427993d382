use super::*;

fn bug(was: &str, becomes: &str, survives: Option<&str>) -> Bug {
    Bug {
        name: "a slip".into(),
        origin: "us".into(),
        file: "src/a.rs".into(),
        was: was.into(),
        becomes: becomes.into(),
        caught_by: vec!["models ring::a".into()],
        survives: survives.map(Into::into),
    }
}

const KILLER: Case<'static> = Case { suite: "models", test: "ring::a" };

#[test]
fn a_bug_is_planted_where_its_text_is_once() {
    let source = "a < b\nc < d\n";
    assert_eq!(plant(source, &bug("\na < b\n", "a <= b\n", None)).unwrap(), "a <= b\nc < d\n");
    assert!(plant(source, &bug(" < ", " <= ", None)).unwrap_err().contains("2 times"));
    assert!(plant(source, &bug("e", "f", None)).unwrap_err().contains("0 times"));
    assert!(plant(source, &bug("a < b", "a < b", None)).unwrap_err().contains("changes nothing"));
}

#[test]
fn a_case_names_its_test() {
    assert_eq!(Case::parse("models ring::a"), Ok(KILLER));
    assert_eq!(KILLER.argument(), "models::ring::model::a");
    assert!(Case::parse("models").is_err());
    let case = Case::parse("must-not-compile send_rc").unwrap();
    assert_eq!(case.argument(), "trybuild=send_rc.rs");
}

#[test]
fn the_binary_is_the_one_that_cargo_names() {
    let output = "   Compiling raddle\n  Executable unittests src/lib.rs (/a b/raddle-1)\n";
    assert_eq!(executable(output), Some("/a b/raddle-1".into()));
    assert_eq!(executable("    Finished `test` profile\n"), None);
}

#[test]
fn kinds_that_no_case_is_about_are_left_out() {
    let text = "mod a;\n\nkinds! {\n    one: A,\n    |n| a(n);\n\n    two: B;\n}\n\nmod b;\n";
    let kept = kinds_of(text, &BTreeSet::from(["two"])).unwrap();
    assert_eq!(kept, "mod a;\n\nkinds! {\n    two: B;\n}\n\nmod b;\n");
    assert!(kinds_of("mod a;", &BTreeSet::new()).is_none());
}

#[test]
fn only_the_properties_that_cases_are_about_are_kept() {
    let text =
        "  kinds! { @force $bound $consumers }\n\n    mod a;\n    mod b;\n        }\n    mod c;\n";
    let kept = properties_of(text, &BTreeSet::from(["b"])).unwrap();
    assert_eq!(
        kept,
        "  kinds! { @force $bound $consumers }\n\n    mod b;\n        }\n    mod c;\n"
    );
    assert!(properties_of("mod a;", &BTreeSet::new()).is_none());
}

#[test]
fn a_survivor_needs_a_reason_and_a_reason_a_survivor() {
    let many = |survives| (0..10).map(|_| bug("a", "b", survives)).collect::<Vec<_>>();
    let mut killers = vec![Some(KILLER); 10];
    assert_eq!(problems(&many(None), &killers), [""; 0]);
    let named = problems(&many(Some("because")), &killers);
    assert_eq!(named.len(), 10);
    assert!(named[0].contains("doesn't survive"));

    killers[3] = None;
    let named = problems(&many(None), &killers);
    assert_eq!(named.len(), 1, "{named:#?}");
    assert!(named[0].contains("no test catches it"));
    let mut bugs = many(None);
    bugs[3].survives = Some("because".into());
    assert_eq!(problems(&bugs, &killers), [""; 0]);

    killers[4] = None;
    bugs[4].survives = Some("because".into());
    assert_eq!(problems(&bugs, &killers), ["2 of 10 bugs survive: too many"]);
}

#[test]
fn the_table_says_who_caught_it_and_why_nobody_did() {
    let text =
        render(&[bug("a", "b", None), bug("a", "b", Some("because"))], &[Some(KILLER), None]);
    assert!(text.contains("| a slip | us | `src/a.rs` | models: `ring::a` |\n"));
    assert!(text.contains("| a slip | us | `src/a.rs` | nothing, see below |\n"));
    assert!(text.starts_with("1 of 2 are caught.") && text.contains("**a slip.** because\n"));
}

#[test]
fn the_list_can_be_read_and_its_bugs_can_be_planted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let bugs = read(root).unwrap();
    assert!(bugs.len() >= 25);
    for bug in &bugs {
        let source = fs::read_to_string(root.join(&bug.file)).unwrap();
        assert!(plant(&source, bug).is_ok(), "{}: {:?}", bug.name, plant(&source, bug));
        assert!(!bug.caught_by.is_empty() && bug.caught_by.iter().all(|c| Case::parse(c).is_ok()));
    }
}
