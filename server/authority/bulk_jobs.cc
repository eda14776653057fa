#include "server/authority/bulk_jobs.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/authority/bulk_revocation.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/remembering_reader.h"

namespace latchkey {
namespace {

using storage::v1::BulkRevocationRecord;
using storage::v1::TokenRecord;

// Ends one token of `job` if it is still to end.
absl::Status Revoke(Mutation& m, const BulkRevocationRecord& job, const TokenSelection& selection,
                    const std::string& name) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto token, m.txn().GetToken(name));
  if (!token.has_value() || !Selects(selection, token->token())) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const bool active, IsActive(m.txn(), *token, m.now()));
  if (!active) return absl::OkStatus();
  LATCHKEY_RETURN_IF_ERROR(m.Continue(job.actor(), job.decision(),
                                      {selection.owner.workspace, name, token->token().app()}));
  const std::string& reason = job.bulk_revocation().reason();
  return WriteRevocation(m, *token, v1::ACTION_TOKEN_BULK_REVOKE,
                         reason.empty() ? kBulkReason : reason)
      .status();
}

}  // namespace

void BulkJobs::Tick() {
  const storage::View view(options_.engine.NewSnapshot());
  absl::StatusOr<std::vector<Job>> jobs = InTurn(view);
  if (!jobs.ok()) {
    options_.logger.Log(LogLevel::kError, "cannot read the bulk revocations",
                        {{"error", jobs.status().ToString()}});
    return;
  }
  const storage::RememberingReader owners(view, kMaxRememberedOwners);
  const auto chunks = std::make_shared<std::deque<Chunk>>();
  for (std::size_t left = kMaxChunksInTick; left > 0 && !jobs->empty();) {
    for (auto job = jobs->begin(); left > 0 && job != jobs->end(); --left) {
      last_turn_ = job->key;
      job = CarryOn(view, owners, *job, *chunks) ? std::next(job) : jobs->erase(job);
    }
  }
  CarryOutAll(chunks, options_);
}

void BulkJobs::CarryOutAll(std::shared_ptr<std::deque<Chunk>> chunks, const Options& options) {
  if (chunks->empty()) return;
  Chunk chunk = std::move(chunks->front());
  chunks->pop_front();
  options.enqueue(
      [chunk = std::move(chunk), &logger = options.logger](Mutation& m) {
        return CarryOut(m, chunk, logger);
      },
      // What waits together is committed together, so the next one waits outside meanwhile.
      [chunks = std::move(chunks), &options](const absl::Status& committed) {
        if (committed.ok()) CarryOutAll(chunks, options);
      });
}

absl::StatusOr<std::vector<BulkJobs::Job>> BulkJobs::InTurn(const storage::View& view) const {
  std::vector<Job> jobs;
  const auto take = [&](absl::string_view key, absl::string_view) -> absl::StatusOr<storage::Walk> {
    const auto [workspace, id] = storage::BulkRevocationOfRunningKey(key);
    const auto record = view.Get(storage::BulkRevocationKey(workspace, id));
    if (!record.ok() && !IsDamaged(record.status(), id, options_.logger)) return record.status();
    if (record.ok() && record->has_value()) {
      jobs.push_back({std::string(key), std::string(workspace), std::string(id),
                      SelectionOf((*record)->bulk_revocation()), (*record)->last_token()});
    }
    return jobs.size() < kMaxChunksInTick ? storage::Walk::kGoOn : storage::Walk::kStop;
  };
  // Those after the one that was last, and then from the first one to it.
  engine::KeyRange first = engine::PrefixRange(storage::RunningBulkRevocationPrefix());
  engine::KeyRange then = first;
  if (!last_turn_.empty()) {
    first.begin = then.end = absl::StrCat(last_turn_, absl::string_view("\0", 1));
  }
  LATCHKEY_RETURN_IF_ERROR(view.ForEach(first, engine::Direction::kForward, take));
  if (!last_turn_.empty() && jobs.size() < kMaxChunksInTick) {
    LATCHKEY_RETURN_IF_ERROR(view.ForEach(then, engine::Direction::kForward, take));
  }
  return jobs;
}

bool BulkJobs::CarryOn(const storage::View& view, const storage::Reader& owners, Job& job,
                       std::deque<Chunk>& chunks) const {
  absl::StatusOr<Chunk> chunk = NextChunk(view, owners, job);
  if (!chunk.ok()) {
    options_.logger.Log(LogLevel::kError, "cannot carry a bulk revocation on",
                        {{"bulk_revocation", BulkRevocationName(job.workspace, job.id)},
                         {"error", chunk.status().ToString()}});
    return false;
  }
  job.last_token = chunk->through;
  chunks.push_back(*std::move(chunk));
  return !chunks.back().last;
}

absl::StatusOr<BulkJobs::Chunk> BulkJobs::NextChunk(const storage::View& view,
                                                    const storage::Reader& owners,
                                                    const Job& job) const {
  Chunk chunk;
  chunk.workspace = job.workspace;
  chunk.id = job.id;
  chunk.after = job.last_token;
  const absl::Time now = options_.clock.Now();
  const auto is_to_end = [&](const absl::Status& read,
                             const TokenRecord& record) -> absl::StatusOr<bool> {
    LATCHKEY_RETURN_IF_ERROR(read);
    if (!Selects(job.selection, record.token())) return false;
    return IsActive(owners, record, now);
  };
  LATCHKEY_RETURN_IF_ERROR(WalkTokens(
      view, job.selection, chunk.after,
      [&](absl::string_view id, const absl::Status& read,
          const TokenRecord& record) -> absl::StatusOr<storage::Walk> {
        if (chunk.examined == kMaxExaminedInChunk || chunk.ending >= kMaxRevokedInChunk) {
          chunk.last = false;
          return storage::Walk::kStop;
        }
        const absl::StatusOr<bool> ends = is_to_end(read, record);
        if (!ends.ok() && !IsDamaged(ends.status(), id, options_.logger)) return ends.status();
        ++chunk.examined;
        chunk.through = std::string(id);
        if (ends.ok() && *ends) {
          chunk.tokens.emplace_back(id);
          // A REFRESH token ends with its access tokens.
          chunk.ending += 1 + static_cast<std::size_t>(record.access_tokens_size());
        }
        return storage::Walk::kGoOn;
      }));
  return chunk;
}

absl::Status BulkJobs::CarryOut(Mutation& m, const Chunk& chunk, Logger& logger) {
  const auto key = storage::BulkRevocationKey(chunk.workspace, chunk.id);
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().Get(key));
  // Somebody cancelled it, or the same chunk was read twice and carried out once.
  const bool current = before.has_value() && before->last_token() == chunk.after &&
                       before->bulk_revocation().state() == v1::BULK_REVOCATION_STATE_RUNNING;
  if (!current) return absl::OkStatus();
  const TokenSelection selection = SelectionOf(before->bulk_revocation());
  m.set_reason(before->bulk_revocation().reason());
  const std::uint64_t first_event = m.txn().next_sequence();
  for (const std::string& id : chunk.tokens) {
    const std::string name = TokenName(selection.owner, id);
    absl::Status revoked = Revoke(m, *before, selection, name);
    if (!revoked.ok() && !IsDamaged(revoked, name, logger)) return revoked;
  }
  BulkRevocationRecord after = *before;
  v1::BulkRevocation& job = *after.mutable_bulk_revocation();
  // Each token that ended left one event, also an access token that ended with its REFRESH token.
  job.set_revoked_count(job.revoked_count() + m.txn().next_sequence() - first_event);
  job.set_examined_count(job.examined_count() + chunk.examined);
  if (!chunk.through.empty()) after.set_last_token(chunk.through);
  if (chunk.last) {
    job.set_state(v1::BULK_REVOCATION_STATE_DONE);
    *job.mutable_end_time() = ToProto(m.now());
    m.txn().Delete(storage::RunningBulkRevocationKey(chunk.workspace, chunk.id));
  }
  LATCHKEY_RETURN_IF_ERROR(m.AuthorizeItself(policy::Action::kTokenBulkRevoke,
                                             {chunk.workspace, job.name(), job.app()}));
  m.Write<BulkRevocationRecord>(
      key, before.get(), after,
      chunk.last ? v1::ACTION_TOKEN_BULK_FINISH : v1::ACTION_TOKEN_BULK_PROGRESS);
  return absl::OkStatus();
}

}  // namespace latchkey
