//! The staff's groups on Telegram, as `config.toml` says it.
//!
//! Owns: `chat_id` of `[desk.telegram]` and every `[[desk.telegram.group]]`: reading and checking them.
//! Invariants: the first group is `chat_id`; no group stands there twice; teams that are named exist.
//! Leaves out: which handoff stands in which (`conversation`), who is in them (Telegram knows).

use super::config::Config;
use super::teams;
use crate::conversation::Group;
use crate::lexis::Table;

/// Reads the groups. Teams are not known yet.
pub(super) fn read(config: &mut Config, telegram: &Table<'_>) {
    config.groups.extend(chat(telegram, false).map(|chat| Group { chat, teams: Vec::new() }));
    for table in telegram.tables("group") {
        table.only(&["chat_id", "teams"]);
        let Some(chat) = chat(&table, true) else {
            if !table.has("chat_id") {
                table.doc.error(table.span.clone(), "which group?", "chat_id = -1001234567890");
            }
            continue;
        };
        if config.groups.is_empty() {
            let help = "[desk.telegram] chat_id is the group that everybody reads";
            table.doc.error(table.span.clone(), "a further group needs a first one", help);
        }
        if config.groups.iter().any(|group| group.chat == chat) {
            let at = table.number("chat_id").map_or(table.span.clone(), |chat| chat.span);
            table.doc.error(at, "this group stands here twice", "");
        }
        let teams = table.strings("teams").into_iter().map(|team| team.value).collect();
        config.groups.push(Group { chat, teams });
    }
}

/// Teams that groups name, now that they are known.
pub(super) fn check(config: &Config, root: &Table<'_>) {
    let telegram = root.table("desk").and_then(|desk| desk.table("telegram"));
    for table in telegram.iter().flat_map(|telegram| telegram.tables("group")) {
        teams::named(&table, "teams", &config.teams);
    }
}

fn chat(table: &Table<'_>, further: bool) -> Option<i64> {
    let chat = table.number("chat_id")?;
    if chat.value > 0.0 || (chat.value == 0.0 && further) {
        table.doc.error(
            chat.span,
            "a group's id is negative",
            "forward one of its messages to a bot that shows ids, or look at getUpdates",
        );
    }
    Some(chat.value as i64).filter(|chat| *chat != 0)
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
            ("a person's id", "chat_id = 5\n", vec!["2 a group's id is negative"]),
            ("no id", "chat_id = -1\n[[desk.telegram.group]]\nteams = []\n", vec!["3 which group?"]),
            ("twice", "chat_id = -1\n[[desk.telegram.group]]\nchat_id = -1\n", vec!["4 this group stands here twice"]),
            ("no first one", "[[desk.telegram.group]]\nchat_id = -2\n", vec!["2 a further group needs a first one"]),
            ("no such team", "chat_id = -1\n[[desk.telegram.group]]\nchat_id = -2\nteams = [\"x\"]\n", vec!["5 there is no team `x`"]),
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
