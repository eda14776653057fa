#include "tests/server/secrets_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/authority/actions.h"
#include "tests/server/replayed_state.h"

namespace latchkey::testing {
namespace {

constexpr std::size_t kMostLiveAccessTokens = 2;

// No plan takes a shorter idle limit.
constexpr absl::Duration kShortestIdleLimit = absl::Hours(24);

// One witness, and how far the log has come with what it saw.
struct Watched {
  const Witness* witness = nullptr;
  std::size_t next = 0;
  // By token, the last event whose secret was found good: its first use ended those before.
  std::map<std::string, std::uint64_t> used;
};

class SecretsCheck {
 public:
  SecretsCheck(const std::vector<DoneCall>& done, const std::vector<const Witness*>& witnesses) {
    for (const Witness* witness : witnesses) {
      watched_.push_back({witness, 0, {}});
      for (const Witness::Seen& one : witness->seen()) {
        if (one.active) found_good_.insert(one.secret.revision);
      }
    }
    for (const DoneCall& call : done) {
      if (call.presented.empty()) continue;
      if (!call.hash.empty()) {
        rotations_.emplace(call.hash, &call);
        continue;
      }
      revocations_.emplace(call.reason, &call);
      EXPECT_TRUE(call.status.ok()) << call.status;
      answered_.emplace(call.revision, &call);
    }
  }

  void Run(const std::vector<v1::Event>& log, absl::Time now) {
    for (std::uint64_t position = 0;; ++position) {
      for (Watched& watched : watched_) CheckSeen(position, watched);
      CheckEnded(position);
      if (position == log.size()) break;
      const v1::Event& next = log[position];
      CheckNext(next);
      state_.Apply(next);
      CheckFamilyOf(next);
    }
    CheckReuse(v1::Event());
    for (const Watched& watched : watched_) CheckRefused(watched, now);
  }

 private:
  bool IsGoodToVerify(const ShownSecret& secret, absl::Time now) const {
    return secret.kind != v1::TOKEN_KIND_REFRESH && state_.IsGood(secret, now);
  }

  void CheckSeen(std::uint64_t position, Watched& watched) {
    const auto& seen = watched.witness->seen();
    for (; watched.next < seen.size() && seen[watched.next].newest == position; ++watched.next) {
      const Witness::Seen& one = seen[watched.next];
      std::uint64_t& used = watched.used[one.secret.token];
      const bool good = IsGoodToVerify(one.secret, one.time) && used <= one.secret.revision;
      const bool right = watched.witness->alone() ? one.active == good : !one.active || good;
      EXPECT_TRUE(right) << Describe(one.secret, position) << (one.active ? " is" : " is not")
                         << " good";
      if (!one.active) continue;
      used = std::max(used, one.secret.revision);
      if (watched.witness->alone()) last_use_[one.secret.token] = one.time;
    }
  }

  // Judges an event by the state before it.
  void CheckNext(const v1::Event& event) {
    CheckReuse(event);
    if (event.decision().rule() == "revoke.bearer") CheckEndedBy(event);
    if (event.action() == v1::ACTION_TOKEN_ROTATE) CheckSpentBy(event);
    if (event.action() == v1::ACTION_TOKEN_FIRST_USE) {
      EXPECT_TRUE(found_good_.contains(state_.LastSecretOf(event.resource())))
          << event.ShortDebugString();
    }
    if (event.after().token().revocation().action() == v1::ACTION_TOKEN_IDLE_REVOKE) {
      const auto used = last_use_.find(event.resource());
      EXPECT_TRUE(used == last_use_.end() ||
                  used->second + kShortestIdleLimit <= FromProto(event.time()))
          << event.ShortDebugString();
    }
  }

  // Who is refused is so for good, so what ended the secret is in the log by now.
  void CheckRefused(const Watched& watched, absl::Time now) const {
    EXPECT_EQ(watched.next, watched.witness->seen().size());
    for (const Witness::Seen& one : watched.witness->seen()) {
      if (one.active) continue;
      EXPECT_FALSE(IsGoodToVerify(one.secret, now)) << Describe(one.secret, one.newest);
    }
  }

  // What was presented to be ended has ended once the answer's revision is reached.
  void CheckEnded(std::uint64_t position) const {
    const auto [begin, end] = answered_.equal_range(position);
    for (auto it = begin; it != end; ++it) {
      for (const ShownSecret& secret : it->second->presented) {
        EXPECT_FALSE(state_.IsGood(secret, it->second->end)) << Describe(secret, position);
      }
    }
  }

  // A token ends by a secret of its own that is good, or with its refresh token by one of that.
  void CheckEndedBy(const v1::Event& event) const {
    const auto call = revocations_.find(event.reason());
    ASSERT_NE(call, revocations_.end()) << event.ShortDebugString();
    const std::string& refresh = event.before().token().refresh_token();
    const auto& presented = call->second->presented;
    EXPECT_TRUE(std::any_of(presented.begin(), presented.end(), [&](const ShownSecret& secret) {
      return (secret.token == event.resource() || secret.token == refresh) &&
             state_.IsGood(secret, FromProto(event.time()));
    })) << event.ShortDebugString();
  }

  // A pair goes on by the last secret of its REFRESH token alone.
  void CheckSpentBy(const v1::Event& event) const {
    const auto call = rotations_.find(event.request_id_hash());
    ASSERT_NE(call, rotations_.end()) << event.ShortDebugString();
    const ShownSecret& secret = call->second->presented.front();
    EXPECT_EQ(secret.token, event.resource());
    EXPECT_TRUE(state_.IsGood(secret, FromProto(event.time()))) << event.ShortDebugString();
  }

  void CheckReuse(const v1::Event& event) {
    if (reuse_.has_value() && !IsEndByReuse(event)) {
      const absl::Time then = FromProto(reuse_->time());
      const std::string& refresh = reuse_->resource();
      const bool lives = state_.TokenAt(refresh, then)->state() == v1::TOKEN_STATE_ACTIVE;
      EXPECT_EQ(lives, only_alerts_) << reuse_->ShortDebugString();
      EXPECT_TRUE(only_alerts_ || state_.LiveAccessTokensOf(refresh, then).empty())
          << reuse_->ShortDebugString();
      reuse_.reset();
    }
    if (event.action() == v1::ACTION_TOKEN_REUSE) BeginReuse(event);
  }

  // Whether an event belongs to the reuse before it, and ends one of the family.
  bool IsEndByReuse(const v1::Event& event) const {
    const v1::Token& token = event.after().token();
    if (event.request_id_hash() != reuse_->request_id_hash()) return false;
    if (token.revocation().action() != v1::ACTION_TOKEN_REUSE) return false;
    EXPECT_FALSE(only_alerts_) << event.ShortDebugString();
    EXPECT_TRUE(event.resource() == reuse_->resource() ||
                token.refresh_token() == reuse_->resource())
        << event.ShortDebugString();
    return true;
  }

  void BeginReuse(const v1::Event& event) {
    const auto call = rotations_.find(event.request_id_hash());
    ASSERT_NE(call, rotations_.end()) << event.ShortDebugString();
    const ShownSecret& secret = call->second->presented.front();
    EXPECT_EQ(secret.token, event.resource());
    EXPECT_EQ(state_.ReplacedAt(secret), event.reuse().spent_revision());
    const std::optional<v1::Token> refresh =
        state_.TokenAt(event.resource(), FromProto(event.time()));
    EXPECT_EQ(refresh->state(), v1::TOKEN_STATE_ACTIVE) << event.ShortDebugString();
    const v1::App* const app = state_.FindApp(refresh->app());
    only_alerts_ = app != nullptr && app->reuse_policy() == v1::REUSE_POLICY_ALERT_ONLY;
    reuse_ = event;
  }

  void CheckFamilyOf(const v1::Event& event) const {
    const v1::Token& token = event.after().token();
    const std::string& refresh =
        token.kind() == v1::TOKEN_KIND_REFRESH ? token.name() : token.refresh_token();
    if (refresh.empty()) return;
    const absl::Time then = FromProto(event.time());
    const std::optional<v1::Token> parent = state_.TokenAt(refresh, then);
    ASSERT_TRUE(parent.has_value()) << event.ShortDebugString();
    const bool lives = parent->state() == v1::TOKEN_STATE_ACTIVE;
    EXPECT_LE(state_.LiveAccessTokensOf(refresh, then).size(), lives ? kMostLiveAccessTokens : 0)
        << event.ShortDebugString();
  }

  static std::string Describe(const ShownSecret& secret, std::uint64_t position) {
    return absl::StrCat("after event ", position, " the secret of event ", secret.revision, " of ",
                        secret.token);
  }

  ReplayedState state_;
  std::vector<Watched> watched_;
  std::set<std::uint64_t> found_good_;  // the events whose secrets were found good at some time
  std::map<std::string, absl::Time> last_use_;  // by token, as witnesses who were alone saw it
  std::map<std::string, const DoneCall*> rotations_;    // by the hash of the request id
  std::map<std::string, const DoneCall*> revocations_;  // by the reason
  std::multimap<std::uint64_t, const DoneCall*> answered_;
  std::optional<v1::Event> reuse_;  // whose consequences the next events may be
  bool only_alerts_ = false;        // by the policy at that
};

}  // namespace

void CheckSecrets(const std::vector<v1::Event>& log, const std::vector<DoneCall>& done,
                  const std::vector<const Witness*>& witnesses, absl::Time now) {
  SecretsCheck(done, witnesses).Run(log, now);
}

}  // namespace latchkey::testing
