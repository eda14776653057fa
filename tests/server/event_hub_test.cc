// What readers of the log get: the same from memory as from the store, and what a filter selects.
#include "server/events/event_hub.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/authority/actions.h"
#include "server/authority/audit_filter.h"
#include "storage/engine/memory_engine.h"
#include "storage/transaction.h"
#include "tests/server/events_of.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::EventsOf;

class EventHubTest : public ::testing::Test {
 protected:
  // Commits some random events and publishes them to both hubs.
  void CommitSome() {
    auto transaction = *storage::Transaction::Begin(View());
    for (std::uint64_t i = 0, count = 1 + random_() % 20; i < count; ++i) {
      all_.push_back(RandomEvent());
      v1::Event event = all_.back();
      all_.back().set_sequence(transaction->Append(std::move(event)));
    }
    transaction->Keep();
    const std::vector<std::string> events = transaction->TakeEvents();
    ASSERT_TRUE(engine_.Commit(*transaction->ToBatch()).ok());
    remembers_.Publish(events, all_.size());
    forgets_.Publish(events, all_.size());
  }
  // As retention does it.
  void RemoveBefore(std::uint64_t oldest) {
    engine::WriteBatch batch;
    for (std::uint64_t gone = 1; gone < oldest; ++gone) {
      batch.Delete(storage::EventKey(gone).bytes);
    }
    storage::v1::RetentionRecord record;
    record.set_oldest_sequence(oldest);
    const std::string key = storage::RetentionKey().bytes;
    batch.Put(key, storage::EncodeRecord(key, record));
    ASSERT_TRUE(engine_.Commit(batch).ok());
  }
  std::unique_ptr<storage::View> View() {
    return std::make_unique<storage::View>(engine_.NewSnapshot());
  }

  std::string Pick(const std::string& collection) {
    return absl::StrCat(collection, "/", random_() % 3);
  }
  v1::Event RandomEvent() {
    v1::Event event;
    event.set_workspace(random_() % 4 == 0 ? "" : Pick("workspaces"));
    event.set_app(random_() % 2 == 0 ? "" : Pick("apps"));
    event.set_resource(Pick("tokens"));
    event.mutable_actor()->set_principal(Pick("members"));
    if (random_() % 2 == 0) event.mutable_actor()->set_delegate(Pick("services"));
    event.set_action(static_cast<v1::Action>(1 + random_() % 40));
    if (random_() % 2 == 0) event.set_organization(Pick("organizations"));
    if (random_() % 2 == 0) event.mutable_actor()->set_token(Pick("tokens"));
    event.mutable_decision()->set_outcome(static_cast<v1::Outcome>(1 + random_() % 3));
    event.mutable_time()->set_seconds(static_cast<std::int64_t>(all_.size() / 3));
    event.set_reason(std::string(random_() % 200, 'x'));
    return event;
  }
  v1::EventFilter RandomFilter() {
    v1::EventFilter filter;
    if (random_() % 3 == 0) filter.set_workspace(Pick("workspaces"));
    if (random_() % 3 == 0) filter.set_app(Pick("apps"));
    if (random_() % 3 == 0) filter.set_resource(Pick("tokens"));
    if (random_() % 3 == 0) filter.set_actor(Pick(random_() % 2 == 0 ? "members" : "services"));
    if (random_() % 3 == 0) filter.set_organization(Pick("organizations"));
    if (random_() % 3 == 0) filter.set_token(Pick("tokens"));
    while (random_() % 2 == 0) filter.add_actions(static_cast<v1::Action>(1 + random_() % 40));
    for (const char* prefix : {"token.", "app.re", "member.create"}) {
      if (random_() % 6 == 0) filter.add_action_prefixes(prefix);
    }
    if (random_() % 4 == 0) filter.add_outcomes(static_cast<v1::Outcome>(1 + random_() % 3));
    return filter;
  }

  // What the contract says of a filter, told from the event itself.
  static bool Selects(const v1::EventFilter& filter, const v1::Event& event) {
    bool action = filter.actions().empty() && filter.action_prefixes().empty();
    for (const int wanted : filter.actions()) action = action || wanted == event.action();
    for (const std::string& prefix : filter.action_prefixes()) {
      action = action || absl::StartsWith(ActionName(event.action()), prefix);
    }
    bool outcome = filter.outcomes().empty();
    for (const int wanted : filter.outcomes()) {
      outcome = outcome || wanted == event.decision().outcome();
    }
    return action && outcome &&
           (filter.organization().empty() || filter.organization() == event.organization()) &&
           (filter.token().empty() || filter.token() == event.resource() ||
            filter.token() == event.actor().token()) &&
           (filter.workspace().empty() || filter.workspace() == event.workspace()) &&
           (filter.app().empty() || filter.app() == event.app()) &&
           (filter.resource().empty() || filter.resource() == event.resource()) &&
           (filter.actor().empty() || filter.actor() == event.actor().principal() ||
            filter.actor() == event.actor().delegate());
  }
  std::vector<std::uint64_t> Expected(std::uint64_t after, const v1::EventFilter& filter) const {
    std::vector<std::uint64_t> expected;
    for (const v1::Event& event : all_) {
      if (event.sequence() > after && Selects(filter, event)) expected.push_back(event.sequence());
    }
    return expected;
  }
  static std::vector<std::uint64_t> ReadAll(const EventHub& hub, std::uint64_t after,
                                            const v1::EventFilter& filter,
                                            const EventHub::Limits& limits) {
    std::vector<std::uint64_t> read;
    while (after < hub.newest()) {
      const auto batch = hub.Read(after, SelectorOf(filter), limits);
      if (!batch.ok() || batch->complete_through <= after) {
        ADD_FAILURE() << batch.status();
        break;
      }
      for (const v1::Event& event : EventsOf(*batch)) read.push_back(event.sequence());
      after = batch->complete_through;
    }
    return read;
  }

  std::mt19937_64 random_{20261125};
  engine::MemoryEngine engine_;
  EventHub remembers_{{engine_}, 0};
  // Has some of the last events in memory only.
  EventHub forgets_{{engine_, 4000}, 0};
  std::vector<v1::Event> all_;
};

TEST_F(EventHubTest, MemoryAndStoreGiveTheSameWhateverTheFilterAndTheLimits) {
  for (int round = 0; round < 40; ++round) {
    ASSERT_NO_FATAL_FAILURE(CommitSome());
    for (int i = 0; i < 10; ++i) {
      const v1::EventFilter filter = RandomFilter();
      const std::uint64_t after = random_() % all_.size();
      const EventHub::Limits limits{1 + random_() % 30, 1 + random_() % 5000, 1 + random_() % 60};
      const std::vector<std::uint64_t> expected = Expected(after, filter);
      EXPECT_EQ(ReadAll(remembers_, after, filter, limits), expected) << filter.DebugString();
      EXPECT_EQ(ReadAll(forgets_, after, filter, limits), expected) << filter.DebugString();
    }
  }
}

TEST_F(EventHubTest, EventsAreTheBytesThatWereCommitted) {
  ASSERT_NO_FATAL_FAILURE(CommitSome());
  for (const EventHub* hub : {&remembers_, &forgets_}) {
    const auto batch = hub->Read(0, {}, {});
    ASSERT_THAT(batch.status(), testing::IsOk());
    const std::vector<v1::Event> events = EventsOf(*batch);
    ASSERT_EQ(events.size(), all_.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].SerializeAsString(), all_[i].SerializeAsString());
    }
  }
}

TEST_F(EventHubTest, SerializedEventsAreTheSameBytesInAnotherField) {
  for (int i = 0; i < 5; ++i) ASSERT_NO_FATAL_FAILURE(CommitSome());
  for (const EventHub* hub : {&remembers_, &forgets_}) {
    const auto batch = hub->Read(0, {}, {}, EventField::kSerializedEvents);
    ASSERT_THAT(batch.status(), testing::IsOk());
    v1::SubscribeResponse response;
    ASSERT_TRUE(response.ParseFromString(batch->events));
    EXPECT_EQ(response.events_size(), 0);
    ASSERT_EQ(static_cast<std::size_t>(response.serialized_events_size()), all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) {
      EXPECT_EQ(response.serialized_events(static_cast<int>(i)), all_[i].SerializeAsString());
    }
  }
}

TEST_F(EventHubTest, TheFirstEventSinceATimeIsFound) {
  for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(CommitSome());
  for (std::int64_t second = -1; second <= all_.back().time().seconds() + 1; ++second) {
    google::protobuf::Timestamp time;
    time.set_seconds(second);
    std::uint64_t expected = 1;
    while (expected <= all_.size() && all_[expected - 1].time().seconds() < second) ++expected;
    const auto found = remembers_.FirstSince(time);
    ASSERT_THAT(found.status(), testing::IsOk());
    EXPECT_EQ(*found, expected) << second;
  }
}

TEST_F(EventHubTest, TheTimeIsFoundAmongWhatIsRetained) {
  for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(CommitSome());
  const std::uint64_t kept = all_.size() / 2;
  ASSERT_NO_FATAL_FAILURE(RemoveBefore(kept));
  EXPECT_THAT(remembers_.FirstSince(all_[kept - 1].time()).status(),
              testing::StatusIs(absl::StatusCode::kOutOfRange));
  for (std::uint64_t wanted = kept + 1; wanted <= all_.size(); ++wanted) {
    if (all_[wanted - 1].time().seconds() == all_[kept - 1].time().seconds()) continue;
    const auto found = remembers_.FirstSince(all_[wanted - 1].time());
    ASSERT_THAT(found.status(), testing::IsOk());
    EventHub::Limits one;
    one.max_events = 1;
    const EventHub from_store({engine_}, all_.size());
    const std::vector<v1::Event> next = EventsOf(*from_store.Read(*found - 1, {}, one));
    ASSERT_EQ(next.size(), 1u);
    EXPECT_GE(next[0].time().seconds(), all_[wanted - 1].time().seconds());
    EXPECT_LE(next[0].time().seconds(), all_[wanted - 1].time().seconds() + 1);
  }
}

TEST_F(EventHubTest, BackwardsTheLogIsTheSameInTheOtherOrder) {
  for (int i = 0; i < 5; ++i) ASSERT_NO_FATAL_FAILURE(CommitSome());
  std::vector<std::uint64_t> read;
  std::uint64_t before = all_.size() + 1;
  while (before > 1) {
    const auto batch = remembers_.ReadBackward(before, {}, {7, 100'000, 20});
    ASSERT_THAT(batch.status(), testing::IsOk());
    for (const v1::Event& event : EventsOf(*batch)) read.push_back(event.sequence());
    before = batch->complete_through;
  }
  std::vector<std::uint64_t> expected = Expected(0, {});
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(read, expected);
}

TEST_F(EventHubTest, AnEventThatIsNoneIsDataLossAndNotPassedOver) {
  ASSERT_NO_FATAL_FAILURE(CommitSome());
  engine::WriteBatch batch;
  const std::string key = storage::EventKey(1).bytes;
  batch.Put(key, storage::EncodePayload(key, "\x1a\x7f no event"));
  ASSERT_TRUE(engine_.Commit(batch).ok());
  v1::EventFilter filter;
  filter.set_workspace("workspaces/0");
  const EventHub from_store({engine_}, all_.size());
  EXPECT_THAT(from_store.Read(0, EventSelector(filter), {}).status(),
              testing::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace latchkey
