#include "tests/server/log_checks.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "latchkey/v1/annotations.pb.h"
#include "server/authority/caller.h"
#include "server/authority/methods.h"
#include "tests/server/events_of.h"
#include "tests/server/shown_state.h"

namespace latchkey::testing {
namespace {

using Hashes = std::set<std::string>;

// The changes that a refused call may make all the same.
struct Refused {
  Hashes asked;   // left an approval request: an own one for less is taken back
  Hashes reused;  // presented a spent refresh secret: its family ends
};

bool IsAllowed(const v1::Event& event) { return event.decision().outcome() == v1::OUTCOME_ALLOWED; }

// Returns the request ids of the calls that were answered, whose events have to be there.
Hashes CheckAnswers(const Log& log, const std::vector<DoneCall>& done) {
  Hashes answered;
  for (const DoneCall& call : done) {
    if (!call.status.ok() || call.hash.empty()) continue;
    answered.insert(call.hash);
    const bool in_log = call.revision >= 1 && call.revision <= log.size();
    EXPECT_TRUE(in_log) << call.method << " " << call.revision;
    if (!in_log) continue;
    const bool made_it = log[call.revision - 1].request_id_hash() == call.hash;
    // Who collaborates already is not added again: the answer has the revision that did.
    EXPECT_TRUE(made_it || call.method == "AddCollaborator") << call.method;
    EXPECT_TRUE(!made_it || call.repeated || call.revision > call.newest) << call.method;
  }
  return answered;
}

Refused FindRefused(const Log& log) {
  Refused refused;
  for (const v1::Event& event : log) {
    const bool asks = event.decision().outcome() == v1::OUTCOME_NEEDS_APPROVAL;
    if (asks && event.has_after()) refused.asked.insert(event.request_id_hash());
    if (event.action() == v1::ACTION_TOKEN_REUSE) refused.reused.insert(event.request_id_hash());
  }
  return refused;
}

// A change of a call that is not answered, or is answered with a refusal.
bool IsOfRefused(const v1::Event& event, const Refused& refused) {
  const std::string& hash = event.request_id_hash();
  if (event.action() == v1::ACTION_REQUEST_WITHDRAW) return refused.asked.contains(hash);
  return event.after().token().revocation().action() == v1::ACTION_TOKEN_REUSE &&
         event.actor().principal() == kSystemPrincipal && refused.reused.contains(hash);
}

void CheckAsked(const v1::Event& event, const Hashes& answered, const Refused& refused) {
  const bool has_entity = event.has_before() || event.has_after();
  if (IsAllowed(event)) {
    EXPECT_TRUE(answered.contains(event.request_id_hash()) || IsOfRefused(event, refused))
        << event.ShortDebugString();
    EXPECT_TRUE(has_entity) << event.ShortDebugString();
  } else if (event.decision().outcome() == v1::OUTCOME_DENIED) {
    EXPECT_FALSE(has_entity) << event.ShortDebugString();
  } else {
    EXPECT_FALSE(event.has_before()) << event.ShortDebugString();
  }
}

// Without a request id are what the service does by itself, what goes on by itself for who started
// it, and ends by presenting a secret; and refusals of the one method that takes none. What that
// acknowledges is no event.
void CheckUnasked(const v1::Event& event) {
  if (!IsAllowed(event)) {
    EXPECT_TRUE(event.has_summary() || event.action() == v1::ACTION_AUDIT_READ)
        << event.ShortDebugString();
    EXPECT_FALSE(event.has_before() || event.has_after()) << event.ShortDebugString();
    return;
  }
  const bool in_bulk = event.after().token().revocation().action() == v1::ACTION_TOKEN_BULK_REVOKE;
  EXPECT_TRUE(event.actor().principal() == kSystemPrincipal || in_bulk ||
              event.decision().rule() == "revoke.bearer")
      << event.ShortDebugString();
}

}  // namespace

Log ReadLog(Authority& authority) {
  Log log;
  while (log.size() < authority.events().newest()) {
    const auto batch = authority.events().Read(log.size(), {}, {});
    if (!batch.ok() || batch->count == 0) {
      ADD_FAILURE() << "the log ends at " << log.size() << ": " << batch.status();
      break;
    }
    const Log more = EventsOf(*batch);
    log.insert(log.end(), more.begin(), more.end());
  }
  return log;
}

void CheckLogIsDense(const Log& log) {
  for (std::size_t i = 0; i < log.size(); ++i) ASSERT_EQ(log[i].sequence(), i + 1);
}

void CheckEventsAgreeWithAnswers(const Log& log, const std::vector<DoneCall>& done) {
  const Hashes answered = CheckAnswers(log, done);
  const Refused refused = FindRefused(log);
  for (const v1::Event& event : log) {
    if (event.request_id_hash().empty()) {
      CheckUnasked(event);
    } else {
      CheckAsked(event, answered, refused);
    }
  }
}

ReplayedState Replay(const Log& log) {
  ReplayedState replayed;
  for (const v1::Event& event : log) replayed.Apply(event);
  return replayed;
}

void CheckReplayGivesTheState(const ReplayedState& replayed, TestAuthority& authority) {
  const absl::Time now = authority.clock().Now();
  const State from_events = replayed.ShownAt(now);
  const State shown = ShownState(*authority, replayed.services());
  for (const auto& [name, text] : shown) {
    const auto it = from_events.find(name);
    EXPECT_EQ(it == from_events.end() ? "(no event)" : it->second, text);
  }
  std::map<std::string, std::uint64_t> purged;
  for (const auto& [name, text] : from_events) {
    if (shown.contains(name)) continue;
    EXPECT_TRUE(replayed.MayBePurged(name, now)) << text;
    ++purged[WorkspaceOfToken(name)];
  }
  EXPECT_EQ(purged, replayed.purged());
}

void CheckPositions(const ReplayedState& replayed, TestAuthority& authority,
                    const std::vector<RandomCaller::Acknowledged>& acknowledged) {
  for (const v1::Consumer& consumer : ShownConsumers(*authority)) {
    const v1::Consumer* const as_made = replayed.FindConsumer(consumer.name());
    ASSERT_NE(as_made, nullptr) << consumer.name();
    const std::uint64_t made = replayed.ConsumerMadeAt(consumer.name());
    std::uint64_t least = as_made->acknowledged_revision();
    std::uint64_t most = least;
    for (const RandomCaller::Acknowledged& one : acknowledged) {
      if (one.consumer != consumer.name() || one.newest_after < made) continue;
      most = std::max(most, one.revision);
      // One that was under way when it was made may have been of the one before.
      if (one.newest_before >= made) least = std::max(least, one.revision);
    }
    EXPECT_GE(consumer.acknowledged_revision(), least) << consumer.name();
    EXPECT_LE(consumer.acknowledged_revision(), most) << consumer.name();
  }
}

void CheckEverythingHappened(const Log& log, const std::vector<DoneCall>& done) {
  std::map<std::string, int> succeeded;
  for (const DoneCall& call : done) succeeded[call.method] += call.status.ok() ? 1 : 0;
#define LATCHKEY_CHECK_(name) EXPECT_GT(succeeded[#name], 0) << #name;
  LATCHKEY_MUTATIONS(LATCHKEY_CHECK_)
#undef LATCHKEY_CHECK_
  std::set<int> happened;
  for (const v1::Event& event : log) {
    happened.insert(event.action());
    happened.insert(event.after().token().revocation().action());
  }
  // A backup is the daemon's, the log loses nothing within a year, and bulk revocations are done in
  // one step.
  happened.insert({v1::ACTION_ADMIN_BACKUP, v1::ACTION_AUDIT_TRUNCATE, v1::ACTION_AUDIT_HOLD_LAPSE,
                   v1::ACTION_TOKEN_BULK_PROGRESS});
  const auto& actions = *v1::Action_descriptor();
  for (int i = 0; i < actions.value_count(); ++i) {
    const v1::ActionInfo& info = actions.value(i)->options().GetExtension(v1::action_info);
    if (info.kind() == v1::ACTION_KIND_UNSPECIFIED || info.kind() == v1::ACTION_KIND_READ) continue;
    EXPECT_TRUE(happened.contains(actions.value(i)->number())) << info.name();
  }
}

}  // namespace latchkey::testing
