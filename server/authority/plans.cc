#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "server/policy/plan_limits.h"

namespace latchkey {
namespace {

// How far above a limit the number of what there is, is told.
constexpr std::uint64_t kCountedAbove = 1000;

// Counts the living apps at home in `workspace`, up to `most`.
absl::StatusOr<std::uint64_t> CountApps(const storage::Transaction& txn,
                                        absl::string_view workspace, std::uint64_t most) {
  const std::string prefix = storage::HomeAppPrefix(workspace);
  std::uint64_t count = 0;
  LATCHKEY_RETURN_IF_ERROR(
      txn.ForEachKey(prefix, [&](absl::string_view key) -> absl::StatusOr<storage::Walk> {
        LATCHKEY_ASSIGN_OR_RETURN(const auto app,
                                  txn.Get(storage::AppKey(key.substr(prefix.size()))));
        if (app.has_value() && !app->app().has_delete_time()) ++count;
        return count < most ? storage::Walk::kGoOn : storage::Walk::kStop;
      }));
  return count;
}

void Fill(const policy::PlanLimits& row, v1::PlanLimits& limits) {
  limits.set_plan(ToProto(row.plan));
  limits.set_max_apps(row.max_apps);
  *limits.mutable_min_idle_limit() = ToProto(row.min_idle_limit);
  *limits.mutable_max_idle_limit() = ToProto(row.max_idle_limit);
  *limits.mutable_default_idle_limit() = ToProto(row.default_idle_limit);
  *limits.mutable_default_test_idle_limit() = ToProto(row.default_test_idle_limit);
  *limits.mutable_min_access_life() = ToProto(row.min_access_life);
  *limits.mutable_max_access_life() = ToProto(row.max_access_life);
  *limits.mutable_default_access_life() = ToProto(row.default_access_life);
  *limits.mutable_max_grace() = ToProto(row.max_grace);
  *limits.mutable_dead_token_retention() = ToProto(row.dead_token_retention);
  *limits.mutable_audit_retention() = ToProto(row.audit_retention);
  limits.set_max_consumers(row.max_consumers);
  limits.set_organizations(row.organizations);
}

}  // namespace

absl::Status CheckRoomForApp(const Mutation& m, const v1::Workspace& workspace) {
  const policy::PlanLimits& limits = policy::LimitsOf(ToPolicy(workspace.plan()));
  if (limits.max_apps == 0) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t count, CountApps(m.txn(), LastId(workspace.name()),
                                                                 limits.max_apps + kCountedAbove));
  if (count < limits.max_apps) return absl::OkStatus();
  return PlanLimitError(
      workspace.name(), limits.name, "max_apps", limits.max_apps, count,
      absl::StrCat(workspace.name(), " has ", count, " apps, and its plan ", limits.name, " takes ",
                   limits.max_apps, "; those it has stay: delete some until there are ",
                   "fewer than ", limits.max_apps, ", or change the plan"));
}

absl::StatusOr<v1::ListPlansResponse> Authority::Read(const Caller& caller,
                                                      const v1::ListPlansRequest&) {
  const storage::View view = NewView();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, policy::Action::kPolicyRead, "the plans", [](FactSheet&) {
        return absl::OkStatus();
      }).status());
  v1::ListPlansResponse response;
  for (const policy::PlanLimits& row : policy::AllPlanLimits()) Fill(row, *response.add_plans());
  return response;
}

}  // namespace latchkey
