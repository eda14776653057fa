#include "server/authority/authority.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/authority/common.h"
#include "server/authority/mutation_command.h"
#include "server/authority/names.h"
#include "server/authority/sweep.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/log_tree.h"
#include "storage/reader.h"
#include "storage/transaction.h"

namespace latchkey {
namespace {

using storage::kStoreFormat;
// Its events have no Merkle tree. It is brought to the present format when it is opened.
constexpr std::uint32_t kFormatWithoutTree = 1;
// What falls due is handled in small commands, so that other changes pass between them; and so much
// of it in one tick that a busy server's request ids are forgotten as fast as they come.
constexpr std::size_t kMaxDueInCommand = 500;
constexpr std::size_t kMaxDueInTick = 50'000;
// Tokens that come due leave events, so their rate is one that writers and subscribers do not feel.
constexpr std::size_t kMaxTokensInTick = 2000;
constexpr std::size_t kMaxUsesInCommand = 5000;
// While the store does not write, it is said this often.
constexpr absl::Duration kStoreComplaintInterval = absl::Minutes(1);

// Makes the record that says what the store is.
storage::v1::MetaRecord NewMeta(Entropy& entropy, absl::Time now) {
  std::string id(16, '\0');
  entropy.Fill(id.data(), id.size());
  storage::v1::MetaRecord meta;
  meta.set_format(kStoreFormat);
  meta.set_store_id(absl::BytesToHexString(id));
  *meta.mutable_create_time() = ToProto(now);
  return meta;
}

// A change that the service makes by itself; nobody waits for it.
class OwnCommand final : public Command {
 public:
  using Work = std::function<absl::Status(Mutation&)>;

  using Finished = std::function<void(const absl::Status&)>;

  OwnCommand(const Clock& clock, const MutationTools& tools, Logger& logger, Work work,
             Finished finished)
      : clock_(clock),
        tools_(tools),
        logger_(logger),
        work_(std::move(work)),
        finished_(std::move(finished)) {
    caller_.principal = kSystemPrincipal;
  }

  void Run(storage::Transaction& transaction, Effects& effects) override {
    Mutation mutation(transaction, caller_, clock_.Now(), tools_);
    if (const absl::Status done = work_(mutation); !done.ok()) {
      logger_.Log(LogLevel::kError, "housekeeping failed", {{"error", done.ToString()}});
      transaction.Drop();
      return;
    }
    transaction.Keep();
    effects.MergeFrom(std::move(mutation.effects()));
  }

  void Finish(const absl::Status& committed) override {
    if (finished_) finished_(committed);
    if (committed.ok()) return;
    logger_.Log(LogLevel::kWarning, "housekeeping was not committed",
                {{"error", committed.ToString()}});
  }

 private:
  const Clock& clock_;
  const MutationTools& tools_;
  Logger& logger_;
  Work work_;
  Finished finished_;
  Caller caller_;
};

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

Authority::Authority(const Options& options)
    : options_(options),
      start_time_(options_.clock.Now()),
      trial_tools_{options_.keyring, options_.prefixes, options_.entropy},
      entropy_(options_.entropy),
      denials_(options_.denials),
      // Failed authentications are only ever counted: nobody is known to have made them.
      failed_authentications_({0, options_.denials.window, options_.denials.max_keys}),
      bulk_jobs_({options_.engine, options_.clock, options_.logger,
                  [this](BulkJobs::Work work, std::function<void(const absl::Status&)> finished) {
                    Enqueue(std::move(work), std::move(finished));
                  }}),
      checkpoints_(options_.engine, options_.keyring.log_signer()) {}

Authority::~Authority() = default;

absl::StatusOr<std::unique_ptr<Authority>> Authority::Open(const Options& options) {
  std::unique_ptr<Authority> authority(new Authority(options));
  LATCHKEY_RETURN_IF_ERROR(authority->CheckFormat());
  const Options& o = authority->options_;
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t last_checkpoint, authority->LastCheckpoint());
  authority->last_checkpoint_ = last_checkpoint;
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, authority->NewView().NewestSequence());
  authority->verifier_ = std::make_unique<Verifier>(
      Verifier::Options{o.engine, o.clock, o.keyring, o.prefixes, o.max_cached_tokens}, newest);
  authority->hub_ =
      std::make_unique<EventHub>(EventHub::Options{o.engine, o.event_ring_bytes}, newest);
  const auto enqueue = [a = authority.get()](std::function<absl::Status(Mutation&)> work,
                                             std::function<void(const absl::Status&)> finished) {
    a->Enqueue(std::move(work), std::move(finished));
  };
  authority->retention_ = std::make_unique<LogRetention>(LogRetention::Options{
      o.engine, o.clock, o.logger, *authority->hub_, o.max_log_bytes, enqueue});
  authority->log_sizes_ =
      std::make_unique<LogSizes>(LogSizes::Options{o.engine, *authority->hub_, o.logger, enqueue});
  LATCHKEY_RETURN_IF_ERROR(authority->retention_->Load());
  authority->sequencer_ = std::make_unique<Sequencer>(Sequencer::Options{
      o.engine, o.executor, authority->answers_,
      [a = authority.get()](const Effects& effects, const std::vector<std::string>& events,
                            std::uint64_t end) {
        a->verifier_->Apply(effects, end);
        a->hub_->Publish(events, end);
        for (const std::string& consumer : effects.deleted_consumers) {
          a->consumer_streams_.EndStream(consumer, ResourceNotFoundError(consumer));
        }
      },
      &authority->entropy_});
  return authority;
}

absl::Status Authority::CheckFormat() {
  const auto key = storage::MetaKey();
  LATCHKEY_ASSIGN_OR_RETURN(const auto meta, NewView().Get(key));
  if (!meta.has_value()) {
    engine::WriteBatch batch;
    batch.Expect(key.bytes, 0);
    batch.Put(key.bytes,
              storage::EncodeRecord(key.bytes, NewMeta(options_.entropy, options_.clock.Now())));
    return options_.engine.Commit(batch).status();
  }
  if (meta->format() == kStoreFormat) return absl::OkStatus();
  if (meta->format() == kFormatWithoutTree) return Upgrade(*meta);
  return absl::FailedPreconditionError(absl::StrCat(
      "the store has format ", meta->format(), "; this program reads formats ", kFormatWithoutTree,
      " to ", kStoreFormat, ": use the program that wrote it, or a later one"));
}

absl::Status Authority::Upgrade(storage::v1::MetaRecord meta) {
  options_.logger.Info(
      "bringing the store to another format",
      {{"from", std::uint64_t{meta.format()}}, {"to", std::uint64_t{kStoreFormat}}});
  LATCHKEY_RETURN_IF_ERROR(storage::ExtendTree(options_.engine));
  // Only now, so that one that was interrupted is gone on with.
  meta.set_format(kStoreFormat);
  const auto key = storage::MetaKey();
  engine::WriteBatch batch;
  batch.Put(key.bytes, storage::EncodeRecord(key.bytes, meta));
  return options_.engine.Commit(batch).status();
}

template <typename Request>
bool Authority::AnsweredWithoutChange(const Caller& caller, const Request& request,
                                      const Done<ResponseOf<Request>>& done) {
  auto trial =
      storage::Transaction::Begin(std::make_unique<storage::View>(options_.engine.NewSnapshot()));
  if (!trial.ok()) return false;
  DenialLimiter admits_all({1, options_.denials.window, 1});
  MutationCommand<Request> command(
      {options_.clock, trial_tools_, admits_all, options_.replay_window}, caller, request, done);
  Effects effects;
  command.Run(**trial, effects);
  if (!(*trial)->empty()) return false;
  // What was seen may be committed and not yet be known to the verifier and the subscribers, who
  // must know of it before anybody is told. Behind it in the queue it will be.
  if ((*trial)->newest_sequence() > hub_->newest()) return false;
  command.Finish(absl::OkStatus());
  return true;
}

template <typename Request>
void Authority::MutateImpl(Caller caller, Request request, Done<ResponseOf<Request>> done) {
  if (caller.kind == policy::CallerKind::kAnonymous && !PresentsSecret(request)) {
    // At once, so that nobody without credentials takes places from those who have them.
    CountFailedAuthentication(caller.peer);
    done(
        UnauthenticatedError("This call takes credentials: the header authorization with Bearer "
                             "and a secret, or a client certificate of a registered service."));
    return;
  }
  if (PresentsSecret(request) && AnsweredWithoutChange(caller, request, done)) return;
  const CommandTools tools{options_.clock, tools_, denials_, options_.replay_window};
  sequencer_->Enqueue(std::make_unique<MutationCommand<Request>>(
      tools, std::move(caller), std::move(request), std::move(done)));
}

#define LATCHKEY_DEFINE_(name)                                          \
  void Authority::Mutate(Caller caller, v1::name##Request request,      \
                         Done<v1::name##Response> done) {               \
    MutateImpl(std::move(caller), std::move(request), std::move(done)); \
  }
LATCHKEY_MUTATIONS(LATCHKEY_DEFINE_)
#undef LATCHKEY_DEFINE_

void Authority::Tick() {
  if (!options_.engine.writable().ok() || memory_in_doubt_.load(std::memory_order_relaxed)) {
    // On the sequencer's thread, so that no group commits between the store's coming back and the
    // memory that follows it.
    options_.executor.Schedule([this] { RecoverStore(); });
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
