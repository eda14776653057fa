#include <cstdint>
#include <string>
#include <utility>

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
  limits.set_max_audit_bytes(row.max_audit_bytes);
  limits.set_max_consumers(row.max_consumers);
  limits.set_organizations(row.organizations);
}

// Adds to a response what lies beyond one limit after another.
class ExcessList {
 public:
  ExcessList(const policy::PlanLimits& plan,
             google::protobuf::RepeatedPtrField<v1::PlanExcess>& excesses)
      : plan_(plan), excesses_(excesses) {}

  void AtMost(absl::string_view limit, std::uint64_t allowed, std::uint64_t count,
              absl::string_view what) {
    if (count <= allowed) return;
    Add(limit, allowed, count,
        absl::StrCat("It has ", count, " ", what, ", and its plan ", plan_.name, " takes ", allowed,
                     ": those stay, and no more are taken until there are fewer than ", allowed,
                     "."));
  }
  void Within(absl::string_view field, absl::Duration value, absl::string_view min_name,
              absl::Duration min, absl::string_view max_name, absl::Duration max) {
    if (value < min) Outside(field, value, min_name, min);
    if (value > max) Outside(field, value, max_name, max);
  }

 private:
  void Outside(absl::string_view field, absl::Duration value, absl::string_view limit,
               absl::Duration allowed) {
    Add(limit, static_cast<std::uint64_t>(absl::ToInt64Seconds(allowed)),
        static_cast<std::uint64_t>(absl::ToInt64Seconds(value)),
        absl::StrCat("Its ", field, " is ", absl::FormatDuration(value), ", and its plan ",
                     plan_.name, " takes a ", limit, " of ", absl::FormatDuration(allowed),
                     ": it stays, and can only be changed to one that is nearer to that."));
  }
  void Add(absl::string_view limit, std::uint64_t allowed, std::uint64_t count,
           std::string message) {
    v1::PlanExcess& excess = *excesses_.Add();
    excess.set_limit(std::string(limit));
    excess.set_allowed(allowed);
    excess.set_count(count);
    excess.set_message(std::move(message));
  }

  const policy::PlanLimits& plan_;
  google::protobuf::RepeatedPtrField<v1::PlanExcess>& excesses_;
};

}  // namespace

absl::StatusOr<std::uint64_t> CountConsumers(const storage::Reader& reader,
                                             absl::string_view workspace) {
  std::uint64_t count = 0;
  LATCHKEY_RETURN_IF_ERROR(reader.ForEachKey(storage::WorkspaceConsumerPrefix(LastId(workspace)),
                                             [&](absl::string_view) {
                                               ++count;
                                               return storage::Walk::kGoOn;
                                             }));
  return count;
}

void AppendPlanExcesses(const storage::v1::WorkspaceRecord& record, std::uint64_t consumers,
                        google::protobuf::RepeatedPtrField<v1::PlanExcess>& excesses) {
  const policy::PlanLimits& plan = policy::LimitsOf(ToPolicy(record.workspace().plan()));
  const v1::WorkspaceSettings& settings = record.workspace().settings();
  ExcessList list(plan, excesses);
  if (plan.max_apps > 0) list.AtMost("max_apps", plan.max_apps, record.living_apps(), "apps");
  list.AtMost("max_consumers", plan.max_consumers, consumers, "consumers");
  for (const v1::IdleLimit& limit : settings.idle_limits()) {
    list.Within(absl::StrCat("idle limit of ", v1::TokenKind_Name(limit.kind())),
                FromProto(limit.limit()), "min_idle_limit", plan.min_idle_limit, "max_idle_limit",
                plan.max_idle_limit);
  }
  if (settings.has_access_token_life()) {
    list.Within("access token life", FromProto(settings.access_token_life()), "min_access_life",
                plan.min_access_life, "max_access_life", plan.max_access_life);
  }
}

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

absl::Status CheckRoomForConsumer(const storage::Reader& reader, const v1::Workspace& workspace) {
  const policy::PlanLimits& limits = policy::LimitsOf(ToPolicy(workspace.plan()));
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t count, CountConsumers(reader, workspace.name()));
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
