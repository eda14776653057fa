#include "server/authority/verifier.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/authority/actions.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

// The scope with which an app's USER token may call Latchkey as its member.
constexpr char kLatchkeyScope[] = "latchkey";

bool MayCallLatchkey(const v1::Token& token) {
  switch (token.kind()) {
    case v1::TOKEN_KIND_TEST:
    case v1::TOKEN_KIND_SERVICE:
      return true;
    case v1::TOKEN_KIND_USER:
      return std::find(token.scopes().begin(), token.scopes().end(), kLatchkeyScope) !=
             token.scopes().end();
    default:
      return false;
  }
}

v1::VerifyResponse ActiveAnswer(const v1::Token& token) {
  v1::VerifyResponse response;
  v1::Verification& answer = *response.mutable_verification();
  answer.set_status(v1::VERIFY_STATUS_ACTIVE);
  answer.set_token(token.name());
  answer.set_kind(token.kind());
  const absl::string_view workspace = WorkspaceIdOf(token.name());
  if (!workspace.empty()) answer.set_workspace(WorkspaceName(workspace));
  answer.set_app(token.app());
  answer.set_member(token.member());
  answer.set_service(token.service());
  *answer.mutable_scopes() = token.scopes();
  if (token.has_expire_time()) *answer.mutable_expire_time() = token.expire_time();
  return response;
}

void KeepAnswer(const v1::Token& token, CachedToken& cached) {
  const std::string answer = ActiveAnswer(token).SerializeAsString();
  cached.answer.assign(answer.begin(), answer.end());
}

v1::VerifyResponse AnswerOf(const CachedToken& token) {
  v1::VerifyResponse response;
  response.ParseFromArray(token.answer.data(), static_cast<int>(token.answer.size()));
  return response;
}

absl::string_view HashOf(const secret::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Says whether the replaced secret of two is good at `now`.
bool IsStillGood(const CachedToken::Overlap* overlap, absl::Time now) {
  return overlap != nullptr && now < overlap->superseded_until &&
         overlap->first_use->Get() < overlap->version;
}

}  // namespace

Verifier::Verifier(Options options, std::uint64_t newest)
    : options_(options), revision_(newest), secrets_(options.max_tokens) {}

Verifier::Presented Verifier::Prepare(absl::string_view text) {
  Presented presented{text, std::nullopt};
  if (!secret::ParseSecret(options_.prefixes, text).has_value()) return presented;
  presented.digest = options_.keyring.HashUnderCurrent(text);
  secrets_.Prefetch(HashOf(*presented.digest));
  return presented;
}

absl::StatusOr<Verifier::Verdict> Verifier::Check(const Presented& presented) {
  Verdict verdict;
  if (!presented.digest.has_value()) {
    verdict.reason = v1::INACTIVE_REASON_MALFORMED;
    return verdict;
  }
  LATCHKEY_ASSIGN_OR_RETURN(verdict.token, Find(HashOf(*presented.digest)));
  const auto& keys = options_.keyring.key_ids();
  for (std::size_t i = 1; i < keys.size() && verdict.token == nullptr; ++i) {
    const secret::Digest digest = options_.keyring.HashUnder(keys[i], presented.text);
    LATCHKEY_ASSIGN_OR_RETURN(verdict.token, Find(HashOf(digest)));
  }
  if (verdict.token == nullptr) {
    verdict.reason = v1::INACTIVE_REASON_UNKNOWN;
    return verdict;
  }
  const absl::Time now = options_.clock.Now();
  verdict.reason = Judge(*verdict.token, now);
  if (verdict.active()) NoteUse(*verdict.token, now);
  return verdict;
}

v1::InactiveReason Verifier::Judge(const CachedToken& token, absl::Time now) {
  if (token.superseded && !IsStillGood(token.overlap.get(), now)) {
    return v1::INACTIVE_REASON_SUPERSEDED;
  }
  if (token.revoked) return v1::INACTIVE_REASON_REVOKED;
  for (const auto& [cell, generation] : token.anchors) {
    if (cell->Get() != generation) return v1::INACTIVE_REASON_REVOKED;
  }
  if (token.expire_time <= now) return v1::INACTIVE_REASON_EXPIRED;
  // Not for whoever looks at access: it is good for RotateToken alone.
  if (token.kind == v1::TOKEN_KIND_REFRESH) return v1::INACTIVE_REASON_REFRESH;
  return v1::INACTIVE_REASON_UNSPECIFIED;
}

void Verifier::AppendAnswer(const Verdict& verdict, bool trusted, std::string& response) {
  static_assert(int{v1::VerifyResponse::kVerificationFieldNumber} ==
                int{v1::BatchVerifyResponse::kVerificationsFieldNumber});
  const CachedToken* token = verdict.token.get();
  if (verdict.active() && !(trusted && token->superseded)) {
    response.append(token->answer.data(), token->answer.size());
    return;
  }
  v1::VerifyResponse answer;
  if (trusted && token != nullptr) answer = AnswerOf(*token);
  v1::Verification& verification = *answer.mutable_verification();
  if (verdict.active()) {
    *verification.mutable_superseded_until_time() = ToProto(token->overlap->superseded_until);
  } else {
    verification.clear_scopes();
    verification.clear_expire_time();
    verification.set_status(v1::VERIFY_STATUS_INACTIVE);
    if (trusted) verification.set_inactive_reason(verdict.reason);
  }
  answer.AppendToString(&response);
}

void Verifier::NoteUse(const CachedToken& token, absl::Time now) {
  if (token.overlap != nullptr && !token.superseded) NoteFirstUse(token);
  const auto hour = static_cast<std::uint32_t>(absl::ToUnixSeconds(now) / 3600);
  if (token.used_hour.load(std::memory_order_relaxed) == hour) return;
  token.used_hour.store(hour, std::memory_order_relaxed);
  const v1::VerifyResponse answer = AnswerOf(token);
  MutexLock lock(uses_mu_);
  std::uint32_t& known = uses_[answer.verification().token()];
  known = std::max(known, hour);
}

Verifier::Uses Verifier::TakeUses() {
  MutexLock lock(uses_mu_);
  return std::exchange(uses_, {});
}

void Verifier::ReturnUses(const Uses& uses) {
  MutexLock lock(uses_mu_);
  for (const auto& [token, hour] : uses) {
    std::uint32_t& known = uses_[token];
    known = std::max(known, hour);
  }
}

absl::Time Verifier::UseInMemory(absl::string_view token) const {
  MutexLock lock(uses_mu_);
  const auto it = uses_.find(token);
  if (it == uses_.end()) return absl::InfinitePast();
  return absl::UnixEpoch() + absl::Hours(it->second);
}

void Verifier::NoteFirstUse(const CachedToken& token) {
  const CachedToken::Overlap& overlap = *token.overlap;
  if (overlap.first_use->Get() >= overlap.version || !overlap.first_use->RaiseTo(overlap.version)) {
    return;
  }
  const v1::VerifyResponse answer = AnswerOf(token);
  std::vector<FirstUse> use = {{answer.verification().token(), overlap.version, nullptr}};
  MutexLock lock(first_uses_mu_);
  // Once more, since a Reset() that came between has not seen it in the list.
  RememberFirstUses(use);
  first_uses_.push_back(std::move(use.front()));
}

std::vector<Verifier::FirstUse> Verifier::TakeFirstUses() {
  MutexLock lock(first_uses_mu_);
  return std::exchange(first_uses_, {});
}

void Verifier::ReturnFirstUses(std::vector<FirstUse> uses) {
  MutexLock lock(first_uses_mu_);
  RememberFirstUses(uses);
  for (FirstUse& use : uses) first_uses_.push_back(std::move(use));
}

absl::StatusOr<SecretCache::Entry> Verifier::Find(absl::string_view hash) {
  SecretCache::Epoch epoch = 0;
  if (SecretCache::Entry entry = secrets_.Find(hash, epoch)) return entry;
  LATCHKEY_ASSIGN_OR_RETURN(SecretCache::Entry entry, Load(hash));
  if (entry != nullptr) secrets_.Insert(entry, epoch);
  return entry;
}

absl::StatusOr<SecretCache::Entry> Verifier::Load(absl::string_view hash) {
  storage::Found<storage::v1::SecretRecord> pointer;
  storage::Found<storage::v1::TokenRecord> record;
  {
    // Given back before LoadAnchors() takes another: a store that closes and opens again lets no
    // view begin until those before are gone.
    const storage::View view = NewView();
    LATCHKEY_ASSIGN_OR_RETURN(pointer, view.Get(storage::SecretKey(hash)));
    if (!pointer.has_value()) return SecretCache::Entry();
    LATCHKEY_ASSIGN_OR_RETURN(record, view.GetToken(pointer->token()));
  }
  if (!record.has_value()) return SecretCache::Entry();
  // The key holds half of the hash only.
  if (hash != (pointer->superseded() ? pointer->superseded_hash() : record->secret_hash())) {
    return SecretCache::Entry();
  }
  auto token = secrets_.NewEntry(hash);
  token->superseded = pointer->superseded();
  token->overlap = LoadOverlap(hash, *record, token->superseded);
  v1::Token shown = record->token();
  if (token->superseded && token->overlap != nullptr) {
    *shown.mutable_scopes() = record->previous_scopes();
  }
  token->kind = shown.kind();
  token->revoked = shown.state() == v1::TOKEN_STATE_REVOKED;
  if (shown.has_expire_time()) token->expire_time = FromProto(shown.expire_time());
  KeepAnswer(shown, *token);
  LATCHKEY_RETURN_IF_ERROR(LoadAnchors(*record, *token));
  LATCHKEY_ASSIGN_OR_RETURN(token->calling, LoadCalling(shown));
  return SecretCache::Entry(std::move(token));
}

std::unique_ptr<const CachedToken::Overlap> Verifier::LoadOverlap(
    absl::string_view hash, const storage::v1::TokenRecord& record, bool superseded) {
  if (record.previous_secret_hash().empty()) return nullptr;
  if (superseded && hash != record.previous_secret_hash()) return nullptr;
  auto overlap = std::make_unique<CachedToken::Overlap>();
  overlap->first_use = CellOf(storage::TokenKeyOfName(record.token().name())->bytes);
  overlap->version = record.secret_version();
  if (superseded) {
    overlap->superseded_until = FromProto(record.token().previous_secret_expire_time());
  }
  return overlap;
}

absl::Status Verifier::LoadAnchors(const storage::v1::TokenRecord& record, CachedToken& token) {
  const std::vector<Anchor> anchors = AnchorsOf(record);
  token.anchors.reserve(anchors.size());
  bool all_loaded = true;
  for (const Anchor& anchor : anchors) {
    token.anchors.push_back({CellOf(anchor.key), anchor.issued});
    all_loaded = all_loaded && token.anchors.back().cell->loaded();
  }
  if (all_loaded) return absl::OkStatus();
  // Begun after the cells are in the table: a commit that this view does not show yet will find
  // them there and raise them.
  const storage::View view = NewView();
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t current, CurrentGeneration(view, anchors[i]));
    token.anchors[i].cell->RaiseTo(current);
    token.anchors[i].cell->set_loaded();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<const CachedToken::Calling>> Verifier::LoadCalling(
    const v1::Token& token) {
  if (!MayCallLatchkey(token)) return nullptr;
  auto calling = std::make_unique<CachedToken::Calling>();
  calling->name = token.name();
  if (token.kind() != v1::TOKEN_KIND_SERVICE) {
    calling->principal = token.member();
    return calling;
  }
  calling->principal = token.service();
  const storage::View view = NewView();
  LATCHKEY_ASSIGN_OR_RETURN(const auto service,
                            view.Get(storage::ServiceKey(LastId(token.service()))));
  if (!service.has_value()) return calling;
  for (const int role : service->service().roles()) {
    calling->roles.Add(static_cast<unsigned>(role));
  }
  return calling;
}

std::shared_ptr<GenerationCell> Verifier::CellOf(const std::string& key) {
  MutexLock lock(cells_mu_);
  if (cells_.size() >= cells_to_sweep_) {
    absl::erase_if(cells_, [](const auto& entry) { return entry.second.use_count() == 1; });
    cells_to_sweep_ = std::max<std::size_t>(4096, cells_.size() * 2);
  }
  std::shared_ptr<GenerationCell>& cell = cells_[key];
  if (cell == nullptr) cell = std::make_shared<GenerationCell>();
  return cell;
}

void Verifier::Apply(const Effects& effects, std::uint64_t newest) {
  {
    MutexLock lock(cells_mu_);
    for (const auto& [key, generation] : effects.raised) {
      if (const auto it = cells_.find(key); it != cells_.end()) it->second->RaiseTo(generation);
    }
  }
  for (const std::string& hash : effects.changed_secrets) secrets_.Erase(hash);
  revision_.store(newest, std::memory_order_release);
}

void Verifier::Reset(std::uint64_t newest) {
  {
    // Before the secrets: an entry that is read after those were cleared finds only fresh cells.
    MutexLock lock(cells_mu_);
    cells_.clear();
  }
  {
    // What was used stays used, whatever the store knows of it.
    MutexLock lock(first_uses_mu_);
    RememberFirstUses(first_uses_);
  }
  secrets_.Clear();
  revision_.store(newest, std::memory_order_release);
}

void Verifier::RememberFirstUses(std::vector<FirstUse>& uses) {
  for (FirstUse& use : uses) {
    use.cell = CellOf(storage::TokenKeyOfName(use.token)->bytes);
    use.cell->RaiseTo(use.version);
  }
}

}  // namespace latchkey
