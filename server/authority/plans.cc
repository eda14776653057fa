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

absl::Status CheckRoomForApp(const storage::v1::WorkspaceRecord& record) {
  const v1::Workspace& workspace = record.workspace();
  const policy::PlanLimits& limits = policy::LimitsOf(ToPolicy(workspace.plan()));
  const std::uint64_t count = record.living_apps();
  if (limits.max_apps == 0 || count < limits.max_apps) return absl::OkStatus();
  return PlanLimitError(
      workspace.name(), limits.name, "max_apps", limits.max_apps, count,
      absl::StrCat(workspace.name(), " has ", count, " apps, and its plan ", limits.name, " takes ",
                   limits.max_apps, "; those it has stay: delete some until there are ",
                   "fewer than ", limits.max_apps, ", or change the plan"));
}

absl::Status CheckRoomForConsumer(const storage::Transaction& txn, const v1::Workspace& workspace) {
  const policy::PlanLimits& limits = policy::LimitsOf(ToPolicy(workspace.plan()));
  std::uint64_t count = 0;
  LATCHKEY_RETURN_IF_ERROR(txn.ForEachKey(
      storage::WorkspaceConsumerPrefix(LastId(workspace.name())), [&](absl::string_view) {
        ++count;
        return storage::Walk::kGoOn;
      }));
  if (count < limits.max_consumers) return absl::OkStatus();
  return PlanLimitError(workspace.name(), limits.name, "max_consumers", limits.max_consumers, count,
                        absl::StrCat(workspace.name(), " has ", count, " consumers, and its plan ",
                                     limits.name, " takes ", limits.max_consumers,
                                     "; those it has stay: delete some until there are fewer than ",
                                     limits.max_consumers, ", or change the plan"));
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
