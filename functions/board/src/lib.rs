//! The board: what runs where, why, and what a person can do about it, as a custom widget of a CloudWatch dashboard.
//!
//! CloudWatch calls it each time the widget is shown, and whenever one of its buttons is pressed; what it gives is HTML
//! without scripts. Who presses a button CloudWatch does not say: whoever may invoke this function may press them all, and
//! the name that is recorded is the one that was typed in (docs/board.md).
//!
//! **Retry contract.** Nobody retries: a person looks at what comes back. `Err` only where there is nothing to show because
//! the table cannot be read. What a button could not do is said on the page.

mod act;
mod describe;
mod event;
mod form;
mod limits;
mod screen;
mod standing;
mod time;
mod timeline;
mod view;

use greenlight_deployer::{Deployer, history::HistoryError, targets::TargetsError};
use greenlight_runtime::{
    function::{Failure, Invocation},
    logging::chain,
};
use maud::Markup;
use serde_json::Value;

use act::{Outcome, Wish};
use event::{Request, Wanted};
use time::Times;
use view::{Page, notice};

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The targets could not be read.
    #[error(transparent)]
    Targets(#[from] TargetsError),
    /// What was deployed to a target could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self {
            Self::Targets(_) => "Board.Targets",
            Self::History(_) => "Board.History",
        }
    }
}

/// Gives the HTML of what is asked for, as a JSON string; the manual in Markdown where that is asked for.
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    let request = Request::read(&invocation.payload);
    let deployer = &context.deployer;
    let page = Page {
        endpoint: &invocation.function_arn,
        screen: &request.screen,
        times: Times::at(deployer.clock.now(), &request.screen),
        form: &request.form,
    };
    let html = match &request.wanted {
        Ok(Wanted::Manual) => return Ok(describe::MANUAL.into()),
        Ok(Wanted::Overview { page: number }) => Box::pin(page.overview(deployer, *number)).await?,
        Ok(Wanted::Target(name)) => Box::pin(page.target(deployer, name, None)).await?,
        Ok(Wanted::Act(wish)) => Box::pin(acted(&page, deployer, wish)).await?,
        Err(problem) => page.framed(&page.with_way_back(&notice(&Outcome::refused(problem)))),
    };
    Ok(html.into_string().into())
}

/// Does what a button asks for, and shows the target as it is then, with what came of it. That is never lost, even if
/// there is nothing else to show.
async fn acted(page: &Page<'_>, deployer: &Deployer, wish: &Wish) -> Result<Markup, Error> {
    let outcome = Box::pin(act::perform(deployer, wish, page.form)).await;
    tracing::info!(target = %wish.target, deed = wish.deed.name(), outcome = outcome.text, "a button was pressed");
    match page.target(deployer, &wish.target, Some(&outcome)).await {
        Ok(html) => Ok(html),
        Err(error) => {
            tracing::error!("what follows cannot be shown: {}", chain(&error));
            Ok(page.framed(&page.with_way_back(&notice(&outcome))))
        }
    }
}
