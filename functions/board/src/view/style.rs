//! How it looks. Text has a contrast of 4.5 to 1 at least on its ground (WCAG 2.2 AA); the browser tests measure it.

use maud::{Markup, PreEscaped, html};

use crate::{screen::Theme, standing::Tone};

/// The colours of a theme.
struct Colours {
    ground: &'static str,
    text: &'static str,
    muted: &'static str,
    line: &'static str,
    button: &'static str,
    good: &'static str,
    bad: &'static str,
    warning: &'static str,
    busy: &'static str,
}

const LIGHT: Colours = Colours {
    ground: "#ffffff",
    text: "#16191f",
    muted: "#545b64",
    line: "#c6cdd4",
    button: "#0a5f94",
    good: "#1a6b0a",
    bad: "#b3260b",
    warning: "#7a5700",
    busy: "#0a5f94",
};

const DARK: Colours = Colours {
    ground: "#0f1b2a",
    text: "#e3e7ec",
    muted: "#a9b4c0",
    line: "#45556a",
    button: "#7cc0ff",
    good: "#5fd068",
    bad: "#ff8f86",
    warning: "#f0cf60",
    busy: "#7cc0ff",
};

const RULES: &str = "
.gl{font:14px/1.45 'Amazon Ember','Helvetica Neue',Roboto,Arial,sans-serif;padding:8px 10px;box-sizing:border-box}
.gl *{box-sizing:border-box}
.gl h2{font-size:18px;margin:0 0 6px}
.gl h3{font-size:15px;margin:16px 0 6px}
.gl p{margin:6px 0}
.gl table{border-collapse:collapse;width:100%}
.gl caption{text-align:left;padding:0 0 6px}
.gl th,.gl td{text-align:left;vertical-align:top;padding:6px 12px 6px 0;overflow-wrap:break-word}
.gl td{overflow-wrap:anywhere}
.gl thead th{white-space:nowrap}
.gl th .gl-why,.gl th .gl-image{font-weight:400}
.gl .gl-narrow table{table-layout:fixed}
.gl .gl-narrow thead th{white-space:normal}
.gl .gl-narrow th{overflow-wrap:anywhere}
.gl .gl-choices{margin-top:10px}
.gl .gl-why,.gl .gl-image small{font-size:12px}
.gl .gl-mark{font-weight:600}
.gl .gl-notice{padding:8px 10px;border-left:4px solid;overflow-wrap:anywhere}
.gl code{font:12px/1.4 Menlo,Consolas,monospace;overflow-wrap:anywhere}
.gl ul{margin:4px 0;padding-left:18px}
.gl li{overflow-wrap:anywhere}
.gl fieldset{border:1px solid;border-radius:4px;margin:8px 0;padding:6px 10px 10px}
.gl .gl-fields{display:flex;flex-wrap:wrap;gap:8px 12px}
.gl .gl-fields label{display:flex;flex-direction:column;flex:1 1 180px;font-size:12px}
.gl input,.gl select{font:inherit;padding:4px 6px;border:1px solid;border-radius:3px;max-width:100%;min-height:30px}
.gl .gl-buttons{display:flex;flex-wrap:wrap;gap:8px;margin:10px 0 0}
.gl .gl-button{font:inherit;font-weight:600;background:transparent;border:1px solid;border-radius:4px;padding:4px 12px;\
min-height:30px;cursor:pointer;text-align:left;overflow-wrap:anywhere}
.gl .gl-link{border-color:transparent;padding:4px 0;text-decoration:underline}
.gl .gl-button:focus-visible,.gl input:focus-visible,.gl select:focus-visible,.gl summary:focus-visible{outline:2px solid;\
outline-offset:2px}
.gl summary{cursor:pointer;padding:4px 0}
.gl svg{display:block;max-width:100%}
.gl cwdb-action{display:none}
";

/// The style sheet of a theme.
pub(super) fn of(theme: Theme) -> Markup {
    let colours = match theme {
        Theme::Light => &LIGHT,
        Theme::Dark => &DARK,
    };
    let Colours {
        ground,
        text,
        muted,
        line,
        button,
        ..
    } = colours;
    let mut css = format!(
        "{RULES}.gl{{background:{ground};color:{text}}}\n\
         .gl .gl-why,.gl .gl-muted,.gl small,.gl .gl-fields label{{color:{muted}}}\n\
         .gl th,.gl td,.gl fieldset{{border-color:{line};border-bottom-color:{line}}}\n\
         .gl tr{{border-bottom:1px solid {line}}}\n\
         .gl thead th{{color:{muted};font-weight:600}}\n\
         .gl input,.gl select{{background:{ground};color:{text};border-color:{muted}}}\n\
         .gl .gl-button{{color:{button}}}\n\
         .gl .gl-axis{{stroke:{line}}}.gl svg text{{fill:{muted};font-size:11px}}\n"
    );
    for tone in Tone::ALL {
        let colour = match tone {
            Tone::Good => colours.good,
            Tone::Bad => colours.bad,
            Tone::Warning => colours.warning,
            Tone::Busy => colours.busy,
            Tone::Plain => colours.muted,
        };
        let class = tone.class();
        css.extend([format!(
            ".gl .{class}{{color:{colour}}}.gl svg .{class}{{fill:{colour}}}\n"
        )]);
    }
    // Nothing in it comes from outside.
    html! { style { (PreEscaped(css)) } }
}
