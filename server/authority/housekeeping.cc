// What the authority does by itself, about once a second: all that falls due, and what was counted
// in memory meanwhile.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/mutation.h"
#include "server/authority/names.h"
#include "server/authority/own_command.h"
#include "server/authority/sweep.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/reader.h"
#include "storage/transaction.h"

namespace latchkey {
namespace {

// What falls due is handled in small commands, so that other changes pass between them; and so much
// of it in one tick that a busy server's request ids are forgotten as fast as they come.
constexpr std::size_t kMaxDueInCommand = 500;
constexpr std::size_t kMaxDueInTick = 50'000;
// Tokens that come due leave events, so their rate is one that writers and subscribers do not feel.
constexpr std::size_t kMaxTokensInTick = 2000;
constexpr std::size_t kMaxUsesInCommand = 5000;
// While the store does not write, it is said this often.
constexpr absl::Duration kStoreComplaintInterval = absl::Minutes(1);

std::vector<std::string> ToStrings(absl::Span<const std::string> strings) {
  return {strings.begin(), strings.end()};
}

void ForEachChunk(const std::vector<std::string>& due,
                  absl::FunctionRef<void(absl::Span<const std::string>)> handle) {
  for (std::size_t begin = 0; begin < due.size(); begin += kMaxDueInCommand) {
    handle(absl::MakeConstSpan(due).subspan(begin, kMaxDueInCommand));
  }
}

void SetSummary(const DenialLimiter::Counted& counted, v1::Summary& summary) {
  summary.set_count(counted.count);
  *summary.mutable_first_time() = ToProto(counted.first);
  *summary.mutable_last_time() = ToProto(counted.last);
}

}  // namespace

void Authority::Tick() {
  if (!options_.engine.writable().ok() || memory_in_doubt_.load(std::memory_order_relaxed)) {
    // On the sequencer's thread, so that no group commits between the store's coming back and the
    // memory that follows it.
    if (recovering_.exchange(true)) return;
    options_.executor.Schedule([this] {
      RecoverStore();
      recovering_ = false;
    });
    return;
  }
  options_.engine.Maintain();
  WriteSummaries();
  ExpireRequests();
  ForgetReplays();
  WriteFirstUses();
  FlushUses(options_.clock.Now());
  Reschedule();
  SweepDeadlines();
  bulk_jobs_.Tick();
  KeepCheckpointWhenDue();
  log_sizes_->Tick();
  retention_->Tick();
}

void Authority::RecoverStore() {
  if (options_.engine.writable().ok() && !memory_in_doubt_) return;
  memory_in_doubt_ = true;
  const absl::Status recovered = options_.engine.Recover();
  if (!recovered.ok()) {
    if (const absl::Time now = options_.clock.Now(); now >= next_store_complaint_) {
      next_store_complaint_ = now + kStoreComplaintInterval;
      options_.logger.Log(LogLevel::kError, "the store does not write",
                          {{"error", recovered.ToString()}});
    }
    return;
  }
  next_store_complaint_ = absl::InfinitePast();
  absl::StatusOr<std::uint64_t> newest = NewView().NewestSequence();
  if (const absl::Status loaded = retention_->Load(); newest.ok() && !loaded.ok()) newest = loaded;
  if (!newest.ok()) {
    options_.logger.Log(LogLevel::kError, "the store does not read",
                        {{"error", newest.status().ToString()}});
    return;
  }
  verifier_->Reset(*newest);
  hub_->Reset(*newest);
  memory_in_doubt_ = false;
  options_.logger.Log(LogLevel::kWarning, "the store writes again", {{"newest", *newest}});
}

void Authority::Enqueue(std::function<absl::Status(Mutation&)> work,
                        std::function<void(const absl::Status&)> finished) {
  sequencer_->Enqueue(std::make_unique<OwnCommand>(options_.clock, tools_, options_.logger,
                                                   std::move(work), std::move(finished)));
}

void Authority::Close() {
  next_use_flush_ = absl::InfinitePast();
  FlushUses(options_.clock.Now());
  WriteFirstUses();
  WriteSummary(denials_, v1::ACTION_DENIAL_SUMMARIZE, denials_.TakeAll());
  WriteSummary(failed_authentications_, v1::ACTION_AUTHENTICATION_FAIL,
               failed_authentications_.TakeAll());
  KeepCheckpoint();
  sequencer_->Close();
}

void Authority::WriteSummaries() {
  const absl::Time now = options_.clock.Now();
  WriteSummary(denials_, v1::ACTION_DENIAL_SUMMARIZE, denials_.TakeDue(now));
  WriteSummary(failed_authentications_, v1::ACTION_AUTHENTICATION_FAIL,
               failed_authentications_.TakeDue(now));
}

void Authority::WriteSummary(DenialLimiter& limiter, v1::Action action,
                             std::vector<DenialLimiter::Counted> counted) {
  if (counted.empty()) return;
  const auto shared =
      std::make_shared<const std::vector<DenialLimiter::Counted>>(std::move(counted));
  Enqueue(
      [shared, action](Mutation& m) {
        for (const DenialLimiter::Counted& row : *shared) {
          v1::Event event;
          LATCHKEY_RETURN_IF_ERROR(m.FillSummary(action, row.key, event));
          SetSummary(row, *event.mutable_summary());
          m.txn().Append(std::move(event));
        }
        return absl::OkStatus();
      },
      [shared, &limiter](const absl::Status& committed) {
        if (!committed.ok()) limiter.Restore(*shared);
      });
}

void Authority::ExpireRequests() {
  std::vector<std::string> due;
  const std::string prefix = storage::RequestExpiryPrefix();
  const absl::Status read = NewView().ForEachRecord<storage::v1::NameRecord>(
      {prefix, storage::DueEnd(prefix, options_.clock.Now())}, engine::Direction::kForward,
      [&](absl::string_view, const storage::v1::NameRecord& record) {
        due.push_back(record.name());
        return due.size() < kMaxDueInTick ? storage::Walk::kGoOn : storage::Walk::kStop;
      });
  if (!read.ok()) {
    options_.logger.Log(LogLevel::kError, "cannot read what is due", {{"error", read.ToString()}});
  }
  ForEachChunk(due, [this](absl::Span<const std::string> chunk) {
    Enqueue([this, names = ToStrings(chunk)](Mutation& m) {
      for (const std::string& name : names) {
        // One that does not read back must not keep the others.
        if (const absl::Status expired = ExpireRequest(m, name); !expired.ok()) {
          options_.logger.Log(LogLevel::kError, "cannot expire a request",
                              {{"request", name}, {"error", expired.ToString()}});
        }
      }
      return absl::OkStatus();
    });
  });
}

void Authority::WriteFirstUses() {
  auto uses = std::make_shared<const std::vector<Verifier::FirstUse>>(verifier_->TakeFirstUses());
  if (uses->empty()) return;
  Enqueue(
      [this, uses](Mutation& m) {
        for (const Verifier::FirstUse& use : *uses) {
          // One that does not read back must not keep the others.
          if (const absl::Status written = WriteFirstUse(m, use.token, use.version);
              !written.ok()) {
            options_.logger.Log(LogLevel::kError, "cannot write a first use",
                                {{"token", use.token}, {"error", written.ToString()}});
          }
        }
        return absl::OkStatus();
      },
      [this, uses](const absl::Status& committed) {
        if (!committed.ok()) verifier_->ReturnFirstUses(*uses);
      });
}

std::vector<std::string> Authority::DueKeys(const std::string& prefix, std::size_t most) {
  std::vector<std::string> due;
  const absl::Status read =
      NewView().ForEach({prefix, storage::DueEnd(prefix, options_.clock.Now())},
                        engine::Direction::kForward, [&](absl::string_view key, absl::string_view) {
                          due.emplace_back(key);
                          return due.size() < most ? storage::Walk::kGoOn : storage::Walk::kStop;
                        });
  if (!read.ok()) {
    options_.logger.Log(LogLevel::kError, "cannot read what is due", {{"error", read.ToString()}});
  }
  return due;
}

void Authority::FlushUses(absl::Time now) {
  if (now < next_use_flush_) return;
  next_use_flush_ = now + options_.use_flush_interval;
  Verifier::Uses chunk;
  for (auto& [token, hour] : verifier_->TakeUses()) {
    chunk.emplace(token, hour);
    if (chunk.size() < kMaxUsesInCommand) continue;
    WriteUses(chunk);
    chunk.clear();
  }
  if (!chunk.empty()) WriteUses(chunk);
}

void Authority::WriteUses(const Verifier::Uses& uses) {
  const auto shared = std::make_shared<const Verifier::Uses>(uses);
  Enqueue(
      [shared](Mutation& m) {
        for (const auto& [token, hour] : *shared) {
          storage::v1::LastUseRecord record;
          record.set_hour(hour);
          m.txn().Put(storage::LastUseKey(token), record);
        }
        return absl::OkStatus();
      },
      [this, shared](const absl::Status& committed) {
        if (!committed.ok()) verifier_->ReturnUses(*shared);
      });
}

void Authority::SweepDeadlines() {
  const std::vector<std::string> due = DueKeys(storage::DeadlinePrefix(), kMaxTokensInTick);
  ForEachChunk(due, [this](absl::Span<const std::string> chunk) {
    Enqueue([this, keys = ToStrings(chunk)](Mutation& m) {
      const auto use_in_memory = [this](absl::string_view token) {
        return verifier_->UseInMemory(token);
      };
      Sweep sweep(m, use_in_memory);
      for (const std::string& key : keys) {
        // One that does not read back must not keep the others.
        if (const absl::Status handled = sweep.Handle(key); !handled.ok()) {
          options_.logger.Log(LogLevel::kError, "cannot sweep a token",
                              {{"token", std::string(storage::TokenOfDeadlineKey(key))},
                               {"error", handled.ToString()}});
        }
      }
      return sweep.Finish();
    });
  });
}

void Authority::Reschedule() {
  const storage::View view = NewView();
  const std::string prefix = storage::ReschedulePrefix();
  std::string workspace;
  std::string after;
  absl::Status read = view.ForEachRecord<storage::v1::NameRecord>(
      engine::PrefixRange(prefix), engine::Direction::kForward,
      [&](absl::string_view key, const storage::v1::NameRecord& record) {
        workspace = std::string(key.substr(prefix.size()));
        after = record.name();
        return storage::Walk::kStop;  // one workspace at a time
      });
  if (workspace.empty()) return;
  const std::string tokens = storage::WorkspaceTokenPrefix(workspace);
  std::vector<std::string> ids;
  engine::KeyRange range = engine::PrefixRange(tokens);
  if (!after.empty()) range.begin = absl::StrCat(tokens, after, absl::string_view("\0", 1));
  read.Update(view.ForEach(
      range, engine::Direction::kForward, [&](absl::string_view key, absl::string_view) {
        ids.emplace_back(key.substr(tokens.size()));
        return ids.size() < kMaxTokensInTick ? storage::Walk::kGoOn : storage::Walk::kStop;
      }));
  if (!read.ok()) {
    options_.logger.Log(LogLevel::kError, "cannot read what is due", {{"error", read.ToString()}});
    return;
  }
  Enqueue([workspace, after, ids = std::move(ids)](Mutation& m) -> absl::Status {
    for (const std::string& id : ids) {
      LATCHKEY_RETURN_IF_ERROR(ScheduleAnew(m, TokenName({workspace, ""}, id)));
    }
    const auto key = storage::RescheduleKey(workspace);
    LATCHKEY_ASSIGN_OR_RETURN(const auto now, m.txn().Get(key));
    // Settings that changed once more begin again.
    if (!now.has_value() || now->name() != after) return absl::OkStatus();
    if (ids.size() < kMaxTokensInTick) {
      m.txn().Delete(key);
      return absl::OkStatus();
    }
    storage::v1::NameRecord cursor;
    cursor.set_name(ids.back());
    m.txn().Put(key, cursor);
    return absl::OkStatus();
  });
}

void Authority::ForgetReplays() {
  const std::vector<std::string> due = DueKeys(storage::ReplayExpiryPrefix(), kMaxDueInTick);
  ForEachChunk(due, [this](absl::Span<const std::string> chunk) {
    Enqueue([keys = ToStrings(chunk)](Mutation& m) {
      for (const std::string& key : keys) {
        // The id may have been used again since, which moved the end of its window.
        LATCHKEY_ASSIGN_OR_RETURN(const auto there, m.txn().GetStored(key));
        if (!there.has_value()) continue;
        m.txn().Delete(storage::ReplayKey(storage::HashOfReplayExpiryKey(key)));
        m.txn().Delete(storage::IndexKey{key});
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace latchkey
