//! What CloudWatch shows to whoever adds the widget to a dashboard: Markdown, asked for by `{"describe": true}`.

pub(crate) const MANUAL: &str = "\
## Greenlight's board

What runs where, why, and what a person can do about it: roll back, hold, release, promote, approve, reject.

### Widget parameters

Param | Description
---|---
**target** | The target to begin with; without it, the overview of all targets
**page** | The page of the overview to begin with, from 0

### Example parameters

``` yaml
target: api-test
```

Whoever may invoke this function (`lambda:InvokeFunction`) may press every button. CloudWatch does not tell the function \
who that is: the name that is typed in is recorded as typed; AWS CloudTrail's data events name the principal.
";
