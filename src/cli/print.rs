//! Printing: the only place that writes to the terminal.

use crate::lexis::{Finding, Severity, Source};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use std::io::{IsTerminal, Write};

/// A line on standard output. A reader who has gone away is no error.
pub(super) fn line(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.as_ref());
    let _ = out.flush();
}

/// A line on standard error.
pub(super) fn error(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", text.as_ref());
}

/// Findings, each shown in its file, on standard error.
pub(super) fn findings(findings: &[Finding], sources: &[Source]) {
    let theme = match std::io::stderr().is_terminal() {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(120);
    for finding in findings {
        let mut out = String::new();
        let report = report(finding, sources);
        if handler.render_report(&mut out, report.as_ref()).is_ok() {
            error(format!("{}\n", out.trim_end()));
        }
    }
}

fn report(finding: &Finding, sources: &[Source]) -> Report {
    let severity = match finding.severity {
        Severity::Info => miette::Severity::Advice,
        Severity::Warning => miette::Severity::Warning,
        Severity::Error => miette::Severity::Error,
    };
    let source = sources.iter().find(|source| source.name == finding.file);
    let place = if finding.line > 0 && source.is_some() {
        format!("{}:{}:{}: ", finding.file, finding.line, finding.column)
    } else {
        String::new()
    };
    let mut diagnostic = MietteDiagnostic::new(format!("{place}{}", finding.message)).with_severity(severity);
    if let Some(help) = &finding.help {
        diagnostic = diagnostic.with_help(help.clone());
    }
    let Some(source) = source else { return Report::new(diagnostic) };
    let length = finding.span.1.saturating_sub(finding.span.0).min(200);
    diagnostic = diagnostic.with_label(LabeledSpan::at(finding.span.0..finding.span.0 + length, "here"));
    Report::new(diagnostic).with_source_code(NamedSource::new(&source.name, source.text.clone()))
}
