//! Singular and plural of English nouns, as names of models and associations use them.
//!
//! Only the last word of a compound changes (`item_tag`, `item_tags`; `PersonChildren`, `PersonChild`), and all other
//! letters keep their case. A word is looked up first as a whole ([`UNCOUNTABLE`], [`NOUNS`]), then by how it ends
//! ([`ENDINGS`]), and only then follows a regular rule; in each table the first entry that fits is taken.
//!
//! A word that already has the wanted form stays as it is. For unlisted words that is a guess: `-ss`, `-us` and `-is`
//! are singular, any other `-s` is plural. A regular ending leaves at least one letter, so that models called `A` or
//! `S` have the plurals `As` and `Ss`, and come back from them.
//!
//! The results follow the `inflection` library that Sequelize uses where its results are part of the naming rules,
//! even the odd `leafs` and `heros`; for other words they follow English. No crate at hand gives those forms, and all
//! of them bring a regular expression engine. For words that inflect badly the user gives both forms.

/// Words with one form.
const UNCOUNTABLE: &[&str] = &[
    "news",
    "sheep",
    "deer",
    "fish",
    "aircraft",
    "money",
    "rice",
    "equipment",
    "information",
    "evidence",
    "homework",
    "software",
    "hardware",
    "furniture",
    "metadata",
    "feedback",
    "sms",
    "gps",
    "dns",
];

/// Singular and plural of whole words, which say nothing about longer words that end like them: `ox` is not in `box`,
/// nor `axis` in `taxis`.
const NOUNS: &[(&str, &str)] = &[
    ("ox", "oxen"),
    ("axis", "axes"),
    ("life", "lives"),
    ("elf", "elves"),
    ("calf", "calves"),
    // Singulars that look like a plural, and plurals that look like a singular.
    ("bias", "biases"),
    ("gas", "gases"),
    ("lens", "lenses"),
    ("iris", "irises"),
    ("api", "apis"),
    ("cpu", "cpus"),
    ("gpu", "gpus"),
    ("uri", "uris"),
    ("kpi", "kpis"),
    ("guru", "gurus"),
    ("wiki", "wikis"),
    ("kiwi", "kiwis"),
    ("taxi", "taxis"),
    ("ski", "skis"),
    ("emoji", "emojis"),
    // A silent e that the regular rules would take for a part of the ending.
    ("use", "uses"),
    ("fuse", "fuses"),
    ("muse", "muses"),
    ("abuse", "abuses"),
    ("excuse", "excuses"),
    ("pie", "pies"),
    ("tie", "ties"),
    ("toe", "toes"),
    ("canoe", "canoes"),
    ("niche", "niches"),
    ("headache", "headaches"),
    ("echo", "echoes"),
    ("veto", "vetoes"),
    // A ch that is spoken as k.
    ("epoch", "epochs"),
    ("tech", "techs"),
    ("stomach", "stomachs"),
    ("monarch", "monarchs"),
];

/// Singular and plural of words and of longer words that end in them: `salesperson`, `subcategory_index`.
///
/// A word stands before the shorter word that it ends in. The two forms begin with the same letters, which keep the
/// case they have.
const ENDINGS: &[(&str, &str)] = &[
    ("series", "series"),
    ("species", "species"),
    ("person", "people"),
    ("child", "children"),
    ("woman", "women"),
    // Not made of `man`, and `women` not of `omen`.
    ("human", "humans"),
    ("german", "germans"),
    ("roman", "romans"),
    ("shaman", "shamans"),
    ("talisman", "talismans"),
    ("specimen", "specimens"),
    ("regimen", "regimens"),
    ("abdomen", "abdomens"),
    ("lumen", "lumens"),
    ("omen", "omens"),
    ("man", "men"),
    ("mouse", "mice"),
    ("foot", "feet"),
    ("tooth", "teeth"),
    ("mongoose", "mongooses"),
    ("goose", "geese"),
    ("wife", "wives"),
    ("knife", "knives"),
    ("wolf", "wolves"),
    ("half", "halves"),
    ("shelf", "shelves"),
    ("self", "selves"),
    ("thief", "thieves"),
    ("loaf", "loaves"),
    ("scarf", "scarves"),
    ("index", "indices"),
    ("matrix", "matrices"),
    ("vertex", "vertices"),
    ("appendix", "appendices"),
    ("datum", "data"),
    ("medium", "media"),
    ("bacterium", "bacteria"),
    ("criterion", "criteria"),
    ("phenomenon", "phenomena"),
    ("alumnus", "alumni"),
    ("analysis", "analyses"),
    ("crisis", "crises"),
    ("thesis", "theses"),
    ("gnosis", "gnoses"),
    ("synopsis", "synopses"),
    ("emphasis", "emphases"),
    ("oasis", "oases"),
    ("quiz", "quizzes"),
    ("alias", "aliases"),
    ("atlas", "atlases"),
    ("canvas", "canvases"),
    ("menu", "menus"),
    ("shoe", "shoes"),
    ("cache", "caches"),
    ("movie", "movies"),
    ("cookie", "cookies"),
    ("zombie", "zombies"),
    ("selfie", "selfies"),
    ("calorie", "calories"),
    ("potato", "potatoes"),
    ("tomato", "tomatoes"),
];

/// How the ending of an unlisted word becomes that of its plural. A rule needs a letter before the ending.
const PLURAL_RULES: &[(&str, &str)] = &[
    ("ss", "sses"),
    ("us", "uses"),
    ("sis", "ses"),
    ("is", "ises"),
    ("s", "s"),
    ("ch", "ches"),
    ("sh", "shes"),
    ("x", "xes"),
    ("z", "zes"),
    ("ay", "ays"),
    ("ey", "eys"),
    ("oy", "oys"),
    ("quy", "quies"),
    ("uy", "uys"),
    ("y", "ies"),
    ("", "s"),
];

/// How the ending of an unlisted word becomes that of its singular. A rule needs a letter before the ending.
const SINGULAR_RULES: &[(&str, &str)] = &[
    ("ss", "ss"),
    ("us", "us"),
    ("is", "is"),
    ("eaves", "eaf"),
    ("ies", "y"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("sses", "ss"),
    ("xes", "x"),
    ("tzes", "tz"),
    ("zzes", "zz"),
    ("oes", "o"),
    // `causes`, `houses`, `reuses` keep their e; `statuses` and `buses` end in `-us`.
    ("auses", "ause"),
    ("ouses", "ouse"),
    ("euses", "euse"),
    ("uses", "us"),
    ("s", ""),
    ("", ""),
];

/// `tasks` to `task`, `PersonChildren` to `PersonChild`; a singular stays as it is.
pub(crate) fn singularize(name: &str) -> String {
    let word = last_word(name);
    let listed = noun(&word).map(|(singular, plural)| (plural, singular));
    rewrite(name, &word, listed, SINGULAR_RULES)
}

/// `task` to `tasks`, `userPerson` to `userPeople`; a plural stays as it is.
pub(crate) fn pluralize(name: &str) -> String {
    let word = last_word(name);
    rewrite(name, &word, noun(&word), PLURAL_RULES)
}

/// Whether a word of a compound begins with the first letter of `rest`, which follows `previous`.
///
/// It does at a capital after a small letter or digit (`userProject`), and at the last capital of a run when a small
/// letter follows (`HTTPServer`), except when that letter is the plural s of an acronym (`userIDs`). Separators are
/// left to the caller.
pub(crate) fn begins_word(previous: char, rest: &str) -> bool {
    let mut letters = rest.chars();
    if !previous.is_alphanumeric() || !letters.next().is_some_and(char::is_uppercase) {
        return false;
    }
    if !previous.is_uppercase() {
        return true;
    }
    let next = letters.next();
    let plural_of_acronym = next == Some('s') && !letters.next().is_some_and(char::is_lowercase);
    next.is_some_and(char::is_lowercase) && !plural_of_acronym
}

/// The last word of a compound in small letters; empty when the name ends in a separator. Only ASCII letters are
/// changed, so that it is as many bytes long as in the name.
fn last_word(name: &str) -> String {
    let mut start = 0;
    let mut previous = '_';
    for (position, character) in name.char_indices() {
        if !character.is_alphanumeric() {
            start = position + character.len_utf8();
        } else if begins_word(previous, &name[position..]) {
            start = position;
        }
        previous = character;
    }
    name[start..].to_ascii_lowercase()
}

/// The listed forms of which `word` is, or ends in, one.
fn noun(word: &str) -> Option<(&'static str, &'static str)> {
    if let Some(unchanging) = UNCOUNTABLE.iter().find(|unchanging| **unchanging == word) {
        return Some((unchanging, unchanging));
    }
    let whole = NOUNS
        .iter()
        .find(|(singular, plural)| word == *singular || word == *plural);
    let ending = || {
        ENDINGS
            .iter()
            .find(|(singular, plural)| word.ends_with(singular) || word.ends_with(plural))
    };
    whole.or_else(ending).copied()
}

/// `name` with the ending of its last word changed, by the forms `listed` for it as (unwanted, wanted), or else by the
/// first of `rules` that fits.
fn rewrite(name: &str, word: &str, listed: Option<(&str, &str)>, rules: &[(&str, &str)]) -> String {
    let change = match listed {
        Some((_, wanted)) if word.ends_with(wanted) => None,
        Some(forms) => Some(forms),
        None => rules
            .iter()
            .copied()
            .find(|(from, _)| word.len() > from.len() && word.ends_with(from)),
    };
    let Some((from, to)) = change else {
        return name.to_owned();
    };
    let kept = from
        .bytes()
        .zip(to.bytes())
        .take_while(|(from, to)| from == to)
        .count();
    let stem = &name[..name.len() - (from.len() - kept)];
    let ending = &to[kept..];
    if is_capitals(name) {
        format!("{stem}{}", ending.to_ascii_uppercase())
    } else {
        format!("{stem}{ending}")
    }
}

/// Whether a name is written in capitals throughout. One capital is not enough to tell: the plural of `A` is `As`.
fn is_capitals(name: &str) -> bool {
    let capitals = name
        .chars()
        .filter(|character| character.is_uppercase())
        .count();
    capitals > 1 && !name.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NM-9, less the words that do not change.
    const PAIRS: &str = "person/people child/children man/men woman/women mouse/mice foot/feet tooth/teeth goose/geese \
        ox/oxen category/categories city/cities country/countries box/boxes class/classes address/addresses \
        status/statuses bus/buses process/processes alias/aliases quiz/quizzes index/indices matrix/matrices \
        vertex/vertices datum/data medium/media analysis/analyses crisis/crises axis/axes criterion/criteria \
        life/lives wife/wives knife/knives wolf/wolves half/halves shelf/shelves leaf/leafs hero/heros photo/photos \
        potato/potatoes tomato/tomatoes cookie/cookies movie/movies key/keys day/days";

    const UNCHANGED: &str = "news series species sheep deer money rice equipment information homework software evidence";

    /// Each form leads to the other and to itself.
    #[track_caller]
    fn assert_pair(singular: &str, plural: &str) {
        assert_eq!(pluralize(singular), plural);
        assert_eq!(singularize(plural), singular);
        assert_eq!(pluralize(plural), plural);
        assert_eq!(singularize(singular), singular);
    }

    #[track_caller]
    fn assert_pairs(pairs: &str) {
        for pair in pairs.split_whitespace() {
            let (singular, plural) = pair
                .split_once('/')
                .expect("a pair is written with a slash");
            assert_pair(singular, plural);
        }
    }

    // rules: NM-9
    // Broken: a table of people is called `persons`, or `addNews` becomes `addNew`.
    #[test]
    fn the_minimum_table_holds_in_both_directions() {
        assert_pairs(PAIRS);
        for word in UNCHANGED.split_whitespace() {
            assert_pair(word, word);
        }
    }

    // rules: NM-8, NM-9
    // Broken: the alias `ProjectCategories` gives `addProjectcategory` or `addProjectCategories`.
    #[test]
    fn every_listed_word_also_stands_at_the_end_of_a_compound() {
        for pair in PAIRS.split_whitespace() {
            let (singular, plural) = pair
                .split_once('/')
                .expect("a pair is written with a slash");
            assert_pair(&format!("item_{singular}"), &format!("item_{plural}"));
            let (mut upper_singular, mut upper_plural) = (singular.to_owned(), plural.to_owned());
            upper_singular[..1].make_ascii_uppercase();
            upper_plural[..1].make_ascii_uppercase();
            assert_pair(&upper_singular, &upper_plural);
            assert_pair(
                &format!("myOwn{upper_singular}"),
                &format!("myOwn{upper_plural}"),
            );
        }
    }

    // rules: NM-8
    // Broken: the table of `userProject` is `usersProjects`, or `PersonChildren` has the singular `PersonChildren`.
    #[test]
    fn only_the_last_word_changes() {
        assert_pairs(
            "userProject/userProjects item_tag/item_tags PersonChild/PersonChildren Task/Tasks person/people \
            peopleCounter/peopleCounters people_day/people_days HTTPServer/HTTPServers to-do/to-dos item2/item2s",
        );
        assert_pair("first child", "first children");
    }

    // rules: NM-4, NM-8
    // Broken: the alias `ASSIGNMENTS` gives `addASSIGNMENTS`, or a model `CATEGORY` the table `CATEGORies`.
    #[test]
    fn names_in_capitals_stay_in_capitals() {
        assert_pairs(
            "ASSIGNMENT/ASSIGNMENTS CATEGORY/CATEGORIES PERSON/PEOPLE ITEM_TAG/ITEM_TAGS API/APIS",
        );
        assert_pairs("userID/userIDs publicAPI/publicAPIs blogURL/blogURLs localCPU/localCPUs");
    }

    // rules: NM-1, NM-8
    // Broken: a model `S` has the table `S`, or the table `As` the model ``.
    #[test]
    fn names_of_one_letter_have_two_forms() {
        for letter in 'A'..='Z' {
            assert_pair(&letter.to_string(), &format!("{letter}s"));
        }
        for name in ["", "_", "items_", "日本_"] {
            assert_pair(name, name);
        }
        assert_eq!(pluralize("straße"), "straßes");
        assert_eq!(singularize("naïvetés"), "naïveté");
    }

    // rules: NM-8
    // Broken: the singular of `houses` is `hous`, of `bonuses` `bonuse`, or the plural of `bonus` is `bonus`.
    #[test]
    fn unlisted_words_follow_the_regular_rules() {
        assert_pairs(
            "task/tasks boy/boys survey/surveys company/companies colloquy/colloquies match/matches dish/dishes \
            tax/taxes fox/foxes mailbox/mailboxes loss/losses business/businesses access/accesses bonus/bonuses \
            campus/campuses virus/viruses minibus/minibuses waltz/waltzes buzz/buzzes zoo/zoos studio/studios \
            house/houses warehouse/warehouses cause/causes clause/clauses database/databases case/cases \
            purchase/purchases response/responses license/licenses course/courses invoice/invoices price/prices \
            archive/archives curve/curves drive/drives objective/objectives roof/roofs chef/chefs quota/quotas \
            schema/schemas area/areas stadium/stadiums complex/complexes image/images size/sizes topic/topics",
        );
        assert_eq!(singularize("leaves"), "leaf");
        assert_eq!(singularize("heroes"), "hero");
        assert_eq!(singularize("indexes"), "index");
    }

    // rules: NM-8
    // Broken: a table of humans is called `humen`, or the singular of `taxis` is `taxis`.
    #[test]
    fn words_that_end_like_an_irregular_one_are_told_apart() {
        assert_pairs(
            "human/humans specimen/specimens mongoose/mongooses olive/olives archive/archives dice/dices \
            salesperson/salespeople chairman/chairmen grandchild/grandchildren housewife/housewives \
            bookshelf/bookshelves hypothesis/hypotheses diagnosis/diagnoses timeseries/timeseries superhuman/superhumans",
        );
    }

    // Broken: an entry is hidden by one above it, or its letters lose their case.
    #[test]
    fn every_entry_of_the_tables_is_reached() {
        for (singular, plural) in NOUNS.iter().chain(ENDINGS) {
            assert_pair(singular, plural);
            assert_eq!(singular.as_bytes()[0], plural.as_bytes()[0]);
        }
        for word in UNCOUNTABLE {
            assert_pair(word, word);
        }
    }
}
