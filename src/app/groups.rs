//! The staff's groups on Telegram, as `config.toml` says it.
//!
//! Owns: `chat_id` of `[desk.telegram]` and every `[[desk.telegram.group]]`: reading and checking them.
//! Invariants: the first group is `chat_id`; no group stands there twice; teams that are named exist.
//! Leaves out: which handoff stands in which (`conversation`), who is in them (Telegram knows).

use super::config::Config;
use super::teams;
use crate::conversation::Group;
use crate::lexis::{Located, Table};

/// No group of Telegram has an id beyond this: they have 52 bits.
const LEAST: i64 = -(1 << 52);

/// Reads the groups; the teams are known.
pub(super) fn read(config: &mut Config, root: &Table<'_>) {
    let Some(telegram) = root.table("desk").and_then(|desk| desk.table("telegram")) else { return };
    let first = telegram.whole("chat_id");
    let none = first.as_ref().map_or(!telegram.has("chat_id"), |first| first.value == 0);
    let first = first.filter(|_| !none).and_then(|first| id(&telegram, first));
    config.groups.extend(first.map(|chat| Group { chat, teams: Vec::new() }));
    for table in telegram.tables("group") {
        table.only(&["chat_id", "teams"]);
        let teams = teams::named(&table, "teams", &config.teams);
        let Some(chat) = table.whole("chat_id") else {
            if !["chat_id", "chatid", "chat", "id"].iter().any(|key| table.has(key)) {
                table.doc.error(table.span.clone(), "which group?", "chat_id = -1001234567891");
            }
            continue;
        };
        if none {
            let help = "set chat_id under [desk.telegram]: the group that everybody reads";
            table.doc.error(table.span.clone(), "a further group needs a first one", help);
        }
        let at = chat.span.clone();
        let Some(chat) = id(&table, chat) else { continue };
        if config.groups.iter().any(|group| group.chat == chat) {
            table.doc.error(at, "this group stands here twice", "each has an id of its own");
        }
        config.groups.push(Group { chat, teams });
    }
}

fn id(table: &Table<'_>, chat: Located<i64>) -> Option<i64> {
    if (LEAST..0).contains(&chat.value) {
        return Some(chat.value);
    }
    let help = "write it like -1001234567890: -100, then the number in a message's link (t.me/c/1234567890/5)";
    table.doc.error(chat.span, "this is no group's id", help);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::Source;

    #[test]
    fn groups_are_read_in_their_order() {
        let text = "[desk.telegram]\nchat_id = -1001\n[[desk.telegram.group]]\nchat_id = -1002\n[[desk.telegram.group]]\nchat_id = -1003\n\
                    teams = [\"returns\"]\n[[team]]\nname = \"returns\"\n";
        let config = Config::read(&Source::new("config.toml", text)).expect("reads");
        let groups: Vec<(i64, usize)> = config.groups.iter().map(|group| (group.chat, group.teams.len())).collect();
        assert_eq!(groups, [(-1001, 0), (-1002, 0), (-1003, 1)]);
    }

    #[test]
    fn every_mistake_is_shown_with_its_place() {
        for (name, text, wanted) in [
            ("a person's id", "chat_id = 5\n", vec!["2 this is no group's id"]),
            ("no id", "chat_id = -1\n[[desk.telegram.group]]\nteams = []\n", vec!["3 which group?"]),
            ("twice", "chat_id = -1\n[[desk.telegram.group]]\nchat_id = -1\n", vec!["4 this group stands here twice"]),
            ("no first one", "[[desk.telegram.group]]\nchat_id = -2\n", vec!["2 a further group needs a first one"]),
            ("no such team", "chat_id = -1\n[[desk.telegram.group]]\nchat_id = -2\nteams = [\"x\"]\n", vec!["5 there is no team `x`"]),
            ("no number", "chat_id = -1\n[[desk.telegram.group]]\nchat_id = 0\n", vec!["4 this is no group's id"]),
            ("no whole one", "chat_id = -1.5\n", vec!["2 `desk.telegram.chat_id` should be a whole number, not float"]),
            ("in quotes", "chat_id = \"-1\"\n", vec!["2 `desk.telegram.chat_id` should be a whole number, not string"]),
            ("too large", "chat_id = -100123456789199999\n", vec!["2 this is no group's id"]),
            ("far too large", "chat_id = -100123456789123456789123\n", vec!["2 `desk.telegram.chat_id` is too large"]),
            ("none, and another", "chat_id = 0\n[[desk.telegram.group]]\nchat_id = -2\n", vec!["3 a further group needs a first one"]),
            ("a wrong one, and another", "chat_id = 7\n[[desk.telegram.group]]\nchat_id = -2\n", vec!["2 this is no group's id"]),
            (
                "one bracket",
                "chat_id = -1\n[desk.telegram.group]\nchat_id = -2\n",
                vec!["3 `desk.telegram.group` should be a list of tables, each under [[desk.telegram.group]], not table"],
            ),
            (
                "a slip",
                "chat_id = -1\n[[desk.telegram.group]]\nchat_id = -2\nteam = []\n",
                vec!["5 unknown key `desk.telegram.group[0].team`"],
            ),
        ] {
            let findings = Config::read(&Source::new("config.toml", format!("[desk.telegram]\n{text}"))).expect_err("wrong");
            let shown: Vec<String> = findings.iter().map(|finding| format!("{} {}", finding.line, finding.message)).collect();
            assert_eq!(shown, wanted, "{name}");
        }
    }
}
