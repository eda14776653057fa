#include "tests/policy/plan_docs.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/policy/plan_limits.h"

namespace latchkey::policy {
namespace {

constexpr char kHead[] =
    R"(# What each plan takes

<!-- Made from the table of plans by the test policy_docs_test, which fails when this page is stale.
To change the table, change server/policy/plan_limits.cc; to change this text, change
tests/policy/plan_docs.cc. Then run the test with LATCHKEY_UPDATE_GOLDEN=1. -->

A workspace is on one plan. `latchkey policy plans` lists this table, which is the one that the
server goes by. Enforced are

- the number of apps: living ones, by their home workspace;
- the idle limits that a workspace may choose, and those that hold where it chose none: see
  [tokens.md](tokens.md);
- the life of an access token that a workspace may choose, and the one that holds where it chose
  none;
- the grace of a regeneration;
- how long dead tokens stay listed before they are purged;
- how old the events are that readers of the workspace get, and how many bytes of the newest they
  get: see [consumers.md](consumers.md);
- the number of consumers whose filter names the workspace;
- that a workspace is in an organization: see [organizations.md](organizations.md).

A change of plan takes nothing away. What is over a limit of the new plan stays and works, and more
of it is refused, with FAILED_PRECONDITION and the reason PLAN_LIMIT that names the plan, the limit
and how many there are, until there is less of it or the plan takes more. The answers to
UpdateWorkspace and GetWorkspace list what is over (`plan_excesses`), and `latchkey workspace
update` and `get` say it on standard error. A setting outside the new plan stays and may be changed
to one that is nearer to it. Events are an exception: those that are older than the new plan's
retention, or beyond its size, are not given to the workspace's readers any more. A change to a plan
that keeps more gives back what the log still has, and not what was removed from it. Only a
workspace that is in an organization cannot change to a plan that takes none.
)";

std::string Number(std::uint32_t number) {
  return number == 0 ? "any number" : absl::StrCat(number);
}

std::string Size(std::uint64_t bytes) {
  if (bytes == 0) return "any number";
  const std::uint64_t mib = bytes >> 20;
  return mib % 1024 == 0 ? absl::StrCat(mib / 1024, " GiB") : absl::StrCat(mib, " MiB");
}

std::string Time(absl::Duration time) {
  const std::int64_t hours = absl::ToInt64Hours(time);
  if (hours == 0) return absl::StrCat(absl::ToInt64Minutes(time), " min");
  if (hours % 24 != 0 || hours == 24) return absl::StrCat(hours, " h");
  return absl::StrCat(hours / 24, " days");
}

// One line of the page: what it is about, and a cell for each plan.
template <typename Cell>
std::string Line(absl::string_view what, const Cell& cell) {
  std::string line = absl::StrCat("| ", what, " |");
  for (const PlanLimits& limits : AllPlanLimits()) absl::StrAppend(&line, " ", cell(limits), " |");
  return absl::StrCat(line, "\n");
}

std::string TimeLine(absl::string_view what, absl::Duration PlanLimits::*field) {
  return Line(what, [field](const PlanLimits& limits) { return Time(limits.*field); });
}

}  // namespace

std::string PlanDocs() {
  using L = PlanLimits;
  return absl::StrCat(
      kHead, "\n", Line("", [](const L& l) { return std::string(l.name); }),
      Line("---", [](const L&) { return "---"; }),
      Line("apps", [](const L& l) { return Number(l.max_apps); }),
      TimeLine("idle limit, at least", &L::min_idle_limit),
      TimeLine("idle limit, at most", &L::max_idle_limit),
      TimeLine("idle limit where none is chosen", &L::default_idle_limit),
      TimeLine("the same of TEST tokens", &L::default_test_idle_limit),
      TimeLine("life of an access token, at least", &L::min_access_life),
      TimeLine("life of an access token, at most", &L::max_access_life),
      TimeLine("life of an access token where none is chosen", &L::default_access_life),
      TimeLine("grace of a regeneration, at most", &L::max_grace),
      TimeLine("dead tokens stay listed", &L::dead_token_retention),
      TimeLine("events that readers get", &L::audit_retention),
      Line("events that readers get, at most", [](const L& l) { return Size(l.max_audit_bytes); }),
      Line("consumers", [](const L& l) { return Number(l.max_consumers); }),
      Line("may be in an organization", [](const L& l) { return l.organizations ? "yes" : "no"; }));
}

}  // namespace latchkey::policy
