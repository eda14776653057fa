#include "server/authority/authority.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/mutation_command.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/log_tree.h"
#include "storage/merkle/signed_note.h"
#include "storage/reader.h"
#include "storage/transaction.h"

namespace latchkey {
namespace {

using storage::kStoreFormat;
using storage::kStoreFormatWithPrefixes;
// Its events have no Merkle tree. It is brought to the present format when it is opened.
constexpr std::uint32_t kFormatWithoutTree = 1;

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

// Adds the checks of the keys that `meta` does not know, and returns whether there were any.
// FAILED_PRECONDITION: a key has the id of another one that the store was opened with, or the store
// was opened with others only.
absl::StatusOr<bool> CheckKeys(const secret::Keyring& keyring, storage::v1::MetaRecord& meta) {
  constexpr absl::string_view kChecked = "latchkey key check";
  constexpr std::size_t kCheckBytes = 16;
  std::map<std::uint32_t, std::string> checks;
  for (const auto& known : meta.key_checks()) checks.emplace(known.id(), known.check());
  const std::size_t before = checks.size();
  bool knows_one = checks.empty();
  for (const std::uint32_t id : keyring.key_ids()) {
    const secret::Digest digest = keyring.HashUnder(id, kChecked);
    const std::string check(reinterpret_cast<const char*>(digest.data()), kCheckBytes);
    const auto [known, is_new] = checks.emplace(id, check);
    if (known->second != check) {
      return absl::FailedPreconditionError(
          absl::StrCat("hash key ", id,
                       " of the key file is not the one that had this id when the store was opened "
                       "before, whose secrets would not be known: bring back the key file that "
                       "belongs to this store, or give the key an id that was not used yet"));
    }
    knows_one = knows_one || !is_new;
  }
  if (!knows_one) {
    return absl::FailedPreconditionError(
        "the store was never opened with any of the key file's hash keys, so that none of its "
        "secrets would be known: bring back the key file that belongs to this store, or leave its "
        "old keys in the file behind the new one");
  }
  meta.clear_key_checks();
  for (auto& [id, check] : checks) {
    storage::v1::KeyCheck& known = *meta.add_key_checks();
    known.set_id(id);
    known.set_check(std::move(check));
  }
  return checks.size() != before;
}

// Adds those of `prefixes` that new secrets get and that `meta` does not know.
void AddPrefixes(const secret::TokenPrefixes& prefixes, storage::v1::MetaRecord& meta) {
  for (std::uint8_t kind = 1; kind <= secret::kTokenKinds; ++kind) {
    const absl::string_view prefix = prefixes.PrefixOf(secret::TokenKindNumber{kind});
    const auto is_it = [prefix](const auto& known) { return known.prefix() == prefix; };
    if (std::any_of(meta.token_prefixes().begin(), meta.token_prefixes().end(), is_it)) continue;
    storage::v1::TokenPrefix& known = *meta.add_token_prefixes();
    known.set_kind(static_cast<v1::TokenKind>(kind));
    known.set_prefix(std::string(prefix));
  }
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
  LATCHKEY_RETURN_IF_ERROR(authority->CheckMeta());
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

absl::Status Authority::CheckMeta() {
  LATCHKEY_ASSIGN_OR_RETURN(const auto found, NewView().Get(storage::MetaKey()));
  storage::v1::MetaRecord meta =
      found.has_value() ? *found : NewMeta(options_.entropy, options_.clock.Now());
  const bool is_old = meta.format() == kFormatWithoutTree;
  if (!is_old && meta.format() != kStoreFormat && meta.format() != kStoreFormatWithPrefixes) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store has format ", meta.format(), "; this program reads formats ", kFormatWithoutTree,
        " to ", kStoreFormatWithPrefixes, ": use the program that wrote it, or a later one"));
  }
  if (meta.key_checks().empty()) LATCHKEY_RETURN_IF_ERROR(CheckLogKey());
  LATCHKEY_ASSIGN_OR_RETURN(const bool has_new_keys, CheckKeys(options_.keyring, meta));
  LATCHKEY_ASSIGN_OR_RETURN(const bool has_new_prefixes, LearnPrefixes(meta));
  if (is_old) return Upgrade(std::move(meta));
  return has_new_keys || has_new_prefixes ? WriteMeta(meta) : absl::OkStatus();
}

absl::StatusOr<bool> Authority::LearnPrefixes(storage::v1::MetaRecord& meta) {
  const int before = meta.token_prefixes_size();
  AddPrefixes(secret::TokenPrefixes(), meta);
  const int defaults = meta.token_prefixes_size();
  AddPrefixes(options_.prefixes, meta);
  for (const storage::v1::TokenPrefix& known : meta.token_prefixes()) {
    const bool is_kind = known.kind() >= 1 && known.kind() <= int{secret::kTokenKinds};
    const auto kind = static_cast<secret::TokenKindNumber>(is_kind ? known.kind() : 1);
    const absl::Status added = options_.prefixes.AddFormer(kind, known.prefix());
    if (is_kind && added.ok()) continue;
    return absl::DataLossError(absl::StrCat(
        "the record that says what the store is has, for kind ", static_cast<int>(known.kind()),
        ", a wrong prefix: ", absl::CHexEscape(known.prefix())));
  }
  // An earlier program would take secrets with these for malformed.
  if (defaults != meta.token_prefixes_size()) meta.set_format(kStoreFormatWithPrefixes);
  return meta.token_prefixes_size() != before;
}

absl::Status Authority::CheckLogKey() {
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t size, LastCheckpoint());
  if (size == 0) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto last, NewView().Get(storage::CheckpointKey(size)));
  LATCHKEY_ASSIGN_OR_RETURN(const auto verifier, merkle::NoteVerifier::Parse(
                                                     options_.keyring.log_signer().VerifierKey()));
  if (!last.has_value() || verifier.Open(last->note()).ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the store's last checkpoint, of its first ", size,
      " events, was not signed by the key file's log key: bring back the key file that "
      "belongs to this store"));
}

absl::Status Authority::WriteMeta(const storage::v1::MetaRecord& meta) {
  const auto key = storage::MetaKey();
  engine::WriteBatch batch;
  batch.Put(key.bytes, storage::EncodeRecord(key.bytes, meta));
  return options_.engine.Commit(batch).status();
}

absl::Status Authority::Upgrade(storage::v1::MetaRecord meta) {
  options_.logger.Info(
      "bringing the store to another format",
      {{"from", std::uint64_t{meta.format()}}, {"to", std::uint64_t{kStoreFormat}}});
  LATCHKEY_RETURN_IF_ERROR(storage::ExtendTree(options_.engine));
  // Only now, so that one that was interrupted is gone on with.
  if (meta.format() == kFormatWithoutTree) meta.set_format(kStoreFormat);
  return WriteMeta(meta);
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

}  // namespace latchkey
