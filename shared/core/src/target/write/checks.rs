//! From gates back to the document.

use serde_json::{Map, Value, json};

use super::task_keys;
use crate::duration;
use crate::target::Gates;
use crate::target::check::{
    AlarmsCheck, AlreadyOn, ApprovalCheck, Baseline, Check, CheckKind, Comparison, Destination,
    Expectation, HttpCheck, HttpRequest, Ignored, LambdaCheck, Load, Method, MetricCheck,
    MetricExpectation, MetricQuery, Pattern, Rules, ScanCheck, StatusRange, Worse,
};

type Keys = Map<String, Value>;

impl Gates {
    /// The part `gates:` of the document.
    pub(crate) fn to_value(&self) -> Value {
        let points = self.iter().map(|(point, checks)| {
            (
                point.name().to_owned(),
                checks.iter().map(check).collect::<Value>(),
            )
        });
        Value::Object(points.collect())
    }
}

fn check(check: &Check) -> Value {
    let mut keys = match &check.kind {
        CheckKind::Tasks | CheckKind::Digest | CheckKind::Targets => Keys::new(),
        CheckKind::Http(it) => http(it),
        CheckKind::Alarms(it) => alarms(it),
        CheckKind::Metric(it) => metric(it),
        CheckKind::Scan(it) => scan(it),
        CheckKind::Lambda(it) => lambda(it),
        CheckKind::Task(it) => task_keys(it),
        CheckKind::Approval(it) => approval(it),
    };
    if let Some(label) = &check.label {
        keys.insert("label".into(), json!(label));
    }
    rules(check, &mut keys);
    json!({check.name(): keys})
}

fn rules(check: &Check, out: &mut Keys) {
    let rules = &check.rules;
    let usual = Rules::usual(&check.kind);
    let counted = rules.count.is_some();
    // With a count, what is wanted in a row is always written: without it, the limits mean something else.
    let in_a_row = rules
        .consecutive_success
        .filter(|_| counted || rules.consecutive_success != usual.consecutive_success);
    let usual = usual.counting(rules.count, in_a_row);
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    for (key, value, usual) in [
        ("interval", rules.interval, usual.interval),
        ("initial_delay", rules.initial_delay, usual.initial_delay),
        ("timeout", rules.timeout, usual.timeout),
    ] {
        if value != usual {
            put(key, json!(duration::write(value)));
        }
    }
    if let Some(count) = rules.count {
        put("count", json!(count));
    }
    for (key, value, usual) in [
        ("failure_limit", rules.failure_limit, usual.failure_limit),
        ("error_limit", rules.error_limit, usual.error_limit),
    ] {
        if let Some(number) = value.filter(|_| value != usual) {
            put(key, json!(number));
        }
    }
    if let Some(wanted) = in_a_row {
        put("consecutive_success", json!(wanted));
    }
    if rules.on_no_data != usual.on_no_data {
        put("on_no_data", json!(rules.on_no_data.as_str()));
    }
    if rules.dry_run {
        put("dry_run", json!(true));
    }
}

fn alarms(check: &AlarmsCheck) -> Keys {
    let mut out = Keys::from_iter([("names".to_owned(), json!(check.names))]);
    if check.already_on == AlreadyOn::Ignore {
        out.insert("already_on".into(), json!("ignore"));
    }
    out
}

fn approval(check: &ApprovalCheck) -> Keys {
    let mut out = Keys::new();
    if check.approvals != 1 {
        out.insert("approvals".into(), json!(check.approvals));
    }
    if let Some(question) = &check.question {
        out.insert("question".into(), json!(question));
    }
    out
}

fn lambda(check: &LambdaCheck) -> Keys {
    let mut out = Keys::from_iter([("function".to_owned(), json!(check.function))]);
    if !check.parameters.is_empty() {
        out.insert("parameters".into(), json!(check.parameters));
    }
    out
}

fn scan(check: &ScanCheck) -> Keys {
    let mut out = Keys::new();
    if check.limits != ScanCheck::default().limits {
        let limits = check.limits.iter();
        let limits = limits.map(|(severity, limit)| (severity.to_ascii_lowercase(), json!(limit)));
        out.insert("limits".into(), Value::Object(limits.collect()));
    }
    if !check.ignore.is_empty() {
        out.insert("ignore".into(), check.ignore.iter().map(ignored).collect());
    }
    out
}

fn ignored(finding: &Ignored) -> Value {
    if finding.until.is_none() && finding.reason.is_none() {
        return json!(finding.id);
    }
    let mut out = json!({"id": finding.id});
    if let Some(until) = finding.until {
        out["until"] = json!(until.to_string());
    }
    if let Some(reason) = &finding.reason {
        out["reason"] = json!(reason);
    }
    out
}

fn metric(check: &MetricCheck) -> Keys {
    let mut out = query(&check.query, None);
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    if check.query.period != MetricCheck::DEFAULT_PERIOD {
        put("period", json!(duration::write(check.query.period)));
    }
    if let Some(per) = &check.per {
        put("per", Value::Object(query(per, Some(&check.query))));
    }
    if check.window != MetricCheck::DEFAULT_WINDOW {
        put("window", json!(duration::write(check.window)));
    }
    match &check.expect {
        MetricExpectation::Limits { min, max } => {
            for (key, limit) in [("min", min), ("max", max)] {
                if let Some(limit) = limit {
                    put(key, json!(limit));
                }
            }
        }
        MetricExpectation::NoWorse(it) => put("no_worse_than", comparison(it)),
    }
    out
}

fn query(query: &MetricQuery, divided: Option<&MetricQuery>) -> Keys {
    let mut out = Keys::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    if divided.is_none_or(|it| it.namespace != query.namespace) {
        put("namespace", json!(query.namespace));
    }
    put("metric", json!(query.metric));
    let usual = divided.map(|it| &it.dimensions);
    if usual.map_or(!query.dimensions.is_empty(), |usual| {
        *usual != query.dimensions
    }) {
        put("dimensions", json!(query.dimensions));
    }
    if divided.is_none_or(|it| it.statistic != query.statistic) {
        put("statistic", json!(query.statistic));
    }
    out
}

#[expect(
    clippy::float_cmp,
    reason = "what was written is the default only if it is the same number"
)]
fn comparison(comparison: &Comparison) -> Value {
    let usual = Comparison::with(comparison.with);
    let baseline = match comparison.with {
        Baseline::Blue => "blue",
        Baseline::Previous => "previous",
    };
    if *comparison == usual {
        return json!(baseline);
    }
    let mut out = json!({"baseline": baseline});
    if comparison.worse == Worse::Lower {
        out["worse"] = json!("lower");
    }
    if comparison.tolerance != usual.tolerance {
        out["tolerance"] = json!(comparison.tolerance);
    }
    if comparison.significance != usual.significance {
        out["significance"] = json!(comparison.significance);
    }
    if comparison.min_samples != usual.min_samples {
        out["min_samples"] = json!(comparison.min_samples);
    }
    out
}

fn http(check: &HttpCheck) -> Keys {
    let mut out = match check.requests.as_slice() {
        [one] => request(one),
        several => {
            let several = several.iter().map(request).map(Value::Object).collect();
            Keys::from_iter([("requests".to_owned(), several)])
        }
    };
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    if let Some(name) = &check.server_name {
        put("server_name", json!(name));
    }
    if check.follow_redirects != 0 {
        put("follow_redirects", json!(check.follow_redirects));
    }
    if let Some(it) = &check.load {
        put("load", load(it));
    }
    if check.local_addresses {
        put("local_addresses", json!(true));
    }
    out
}

fn load(load: &Load) -> Value {
    let mut out = json!({"requests": load.requests});
    if load.rate != Load::DEFAULT_RATE {
        out["rate"] = json!(load.rate);
    }
    if load.warm_up != 0 {
        out["warm_up"] = json!(load.warm_up);
    }
    if load.success_ratio < Load::DEFAULT_SUCCESS_RATIO {
        out["success_ratio"] = json!(load.success_ratio);
    }
    if !load.latency.is_empty() {
        let limits = load.latency.iter();
        let limits = limits.map(|(percentile, limit)| {
            (
                Load::percentile_name(*percentile),
                json!(duration::write(*limit)),
            )
        });
        out["latency"] = Value::Object(limits.collect());
    }
    out
}

fn request(request: &HttpRequest) -> Keys {
    let mut out = Keys::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    match &request.to {
        Destination::TestListener { path } => put("path", json!(path)),
        Destination::Url(url) => put("url", json!(url)),
    }
    if request.method != Method::default() {
        put("method", json!(request.method.as_str()));
    }
    if !request.headers.is_empty() {
        put("headers", json!(request.headers));
    }
    if let Some(body) = &request.body {
        put("body", json!(body));
    }
    if request.expect != Expectation::default() {
        put("expect", expectation(&request.expect));
    }
    if let Some(latency) = request.latency {
        put("latency", json!(duration::write(latency)));
    }
    out
}

fn expectation(expect: &Expectation) -> Value {
    let mut out = Keys::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    if expect.status != Expectation::default().status {
        put(
            "status",
            expect.status.iter().copied().map(status).collect(),
        );
    }
    if !expect.headers.is_empty() {
        put("headers", patterns(&expect.headers));
    }
    if let Some(text) = &expect.body_contains {
        put("body_contains", json!(text));
    }
    if let Some(pattern) = &expect.body_matches {
        put("body_matches", json!(pattern.as_str()));
    }
    if !expect.json.is_empty() {
        put("json", json!(expect.json));
    }
    if !expect.json_matches.is_empty() {
        put("json_matches", patterns(&expect.json_matches));
    }
    Value::Object(out)
}

fn patterns(patterns: &std::collections::BTreeMap<String, Pattern>) -> Value {
    let patterns = patterns.iter();
    let patterns = patterns.map(|(name, pattern)| (name.clone(), json!(pattern.as_str())));
    Value::Object(patterns.collect())
}

fn status(range: StatusRange) -> Value {
    if range.from == range.to {
        json!(range.from)
    } else {
        json!(range.to_string())
    }
}
