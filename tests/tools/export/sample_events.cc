#include "tests/tools/export/sample_events.h"

#include <cstdint>

namespace latchkey::testing {
namespace {

constexpr std::int64_t kStart = 1893456000;  // 2030-01-01
constexpr char kAnn[] = "workspaces/acme/members/ann";

v1::Event Event(std::uint64_t sequence, v1::Action action, const char* principal,
                const char* resource) {
  v1::Event event;
  event.set_sequence(sequence);
  event.mutable_time()->set_seconds(kStart + static_cast<std::int64_t>(sequence));
  event.mutable_time()->set_nanos(250000000);
  event.set_action(action);
  event.mutable_actor()->set_principal(principal);
  event.mutable_decision()->set_outcome(v1::OUTCOME_ALLOWED);
  event.mutable_decision()->set_rule("test.self");
  event.mutable_decision()->set_reason("Members issue their own.");
  event.set_workspace("workspaces/acme");
  event.set_resource(resource);
  return event;
}

v1::Event Issue() {
  v1::Event event = Event(1, v1::ACTION_TOKEN_ISSUE, kAnn, "workspaces/acme/tokens/t1");
  event.mutable_actor()->set_token("workspaces/acme/tokens/t0");
  event.mutable_actor()->set_peer("ipv4:192.0.2.7:40001");
  event.mutable_actor()->set_user_agent("portal/1.2 \"quoted\" \xc3\xa9");
  event.set_request_id_hash("00ff");
  event.set_reason("for the demo");
  v1::Token& token = *event.mutable_after()->mutable_token();
  token.set_name("workspaces/acme/tokens/t1");
  token.set_kind(v1::TOKEN_KIND_TEST);
  token.set_state(v1::TOKEN_STATE_ACTIVE);
  token.set_revision(1);
  return event;
}

v1::Event Denial() {
  v1::Event event = Event(3, v1::ACTION_APP_REINSTALL, "workspaces/acme/members/bo",
                          "workspaces/acme/installations/ci-bot");
  event.mutable_decision()->set_outcome(v1::OUTCOME_DENIED);
  event.mutable_decision()->set_rule("internal.collaborator");
  event.mutable_decision()->set_reason("Only a collaborator may.");
  event.mutable_actor()->set_delegate("services/portal");
  event.mutable_actor()->set_peer("ipv6:%5B2001:db8::1%5D:40002");
  event.set_app("apps/ci-bot");
  event.set_organization("organizations/corp");
  return event;
}

v1::Event Waiting() {
  v1::Event event = Event(4, v1::ACTION_APP_INSTALL, "workspaces/acme/members/bo",
                          "workspaces/acme/approvalRequests/r1");
  event.mutable_decision()->set_outcome(v1::OUTCOME_NEEDS_APPROVAL);
  event.mutable_actor()->set_peer("unix:");
  event.mutable_after()->mutable_approval_request()->set_name(event.resource());
  return event;
}

v1::Event Reactivation() {
  v1::Event event = Event(6, v1::ACTION_MEMBER_UPDATE, "operator", "workspaces/acme/members/bo");
  event.mutable_before()->mutable_member()->set_state(v1::MEMBER_STATE_DEACTIVATED);
  event.mutable_after()->mutable_member()->set_state(v1::MEMBER_STATE_ACTIVE);
  event.mutable_changed()->add_paths("state");
  return event;
}

v1::Event Progress() {
  v1::Event event =
      Event(7, v1::ACTION_TOKEN_BULK_PROGRESS, "latchkey", "workspaces/acme/bulkRevocations/b1");
  event.mutable_before()->mutable_bulk_revocation()->set_revoked_count(1000);
  event.mutable_after()->mutable_bulk_revocation()->set_revoked_count(2000);
  event.mutable_changed()->add_paths("revoked_count");
  return event;
}

v1::Event Summary(std::uint64_t sequence, v1::Action action, const char* principal) {
  v1::Event event = Event(sequence, action, principal, "");
  event.clear_workspace();
  event.mutable_decision()->set_outcome(v1::OUTCOME_DENIED);
  event.mutable_decision()->clear_rule();
  event.mutable_decision()->set_reason("Counted, and not recorded one by one.");
  event.mutable_actor()->set_peer("ipv4:198.51.100.9:0");
  event.mutable_summary()->set_count(42);
  event.mutable_summary()->mutable_first_time()->set_seconds(kStart);
  event.mutable_summary()->mutable_last_time()->set_seconds(kStart + 60);
  return event;
}

v1::Event Reuse() {
  v1::Event event = Event(10, v1::ACTION_TOKEN_REUSE, "bearer", "workspaces/acme/tokens/r1");
  event.mutable_decision()->set_outcome(v1::OUTCOME_DENIED);
  event.mutable_reuse()->set_spent_revision(5);
  event.mutable_reuse()->mutable_spent_time()->set_seconds(kStart);
  return event;
}

v1::Event Warning() {
  v1::Event event =
      Event(11, v1::ACTION_TOKEN_EXPIRE_WARN, "latchkey", "workspaces/acme/tokens/t1");
  event.mutable_end_time()->set_seconds(kStart + 86400);
  return event;
}

v1::Event OfOrganization() {
  v1::Event event = Event(12, v1::ACTION_ORGANIZATION_UPDATE, "services/hr", "organizations/corp");
  event.clear_workspace();
  event.set_organization("organizations/corp");
  event.mutable_before()->mutable_organization()->set_display_name("Corp");
  event.mutable_after()->mutable_organization()->set_display_name("Corp.");
  event.mutable_changed()->add_paths("display_name");
  return event;
}

}  // namespace

std::vector<v1::Event> SampleEvents() {
  v1::Event update = Event(5, v1::ACTION_WORKSPACE_UPDATE, "services/hr", "workspaces/acme");
  update.mutable_before()->mutable_workspace()->set_plan(v1::PLAN_FREE);
  update.mutable_after()->mutable_workspace()->set_plan(v1::PLAN_PLUS);
  update.mutable_changed()->add_paths("plan");
  v1::Event delegated = Issue();
  delegated.set_sequence(2);
  delegated.mutable_actor()->set_delegate("services/portal");
  v1::Event unknown = Event(13, static_cast<v1::Action>(999), kAnn, "things/x");
  unknown.set_resource("things/x");
  return {Issue(),
          delegated,
          Denial(),
          Waiting(),
          update,
          Reactivation(),
          Progress(),
          Summary(8, v1::ACTION_AUTHENTICATION_FAIL, "anonymous"),
          Summary(9, v1::ACTION_DENIAL_SUMMARIZE, kAnn),
          Reuse(),
          Warning(),
          OfOrganization(),
          unknown,
          v1::Event()};
}

}  // namespace latchkey::testing
