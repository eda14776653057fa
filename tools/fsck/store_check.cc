#include "tools/fsck/store_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "latchkey/storage/v1/records.pb.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/signed_note.h"
#include "storage/reader.h"
#include "tools/fsck/findings.h"
#include "tools/fsck/log_check.h"
#include "tools/fsck/log_streams.h"
#include "tools/fsck/record_check.h"

namespace latchkey::fsck {
namespace {

absl::Status CheckFormat(const engine::Engine& engine, Findings& findings) {
  const auto meta = storage::View(engine.NewSnapshot()).Get(storage::MetaKey());
  // One that does not read back is told of with the other records.
  if (absl::IsDataLoss(meta.status())) return absl::OkStatus();
  LATCHKEY_RETURN_IF_ERROR(meta.status());
  if (!meta->has_value()) {
    findings.Add("the record that names the store's format is missing");
  } else if ((*meta)->format() != storage::kStoreFormat &&
             (*meta)->format() != storage::kStoreFormatWithPrefixes) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store has format ", (*meta)->format(), "; this program checks formats ",
                     storage::kStoreFormat, " and ", storage::kStoreFormatWithPrefixes,
                     ": start the server on it first, or use a later program"));
  }
  return absl::OkStatus();
}

// Whether the key signed any checkpoint of the store, or there is none. It is a finding where only
// others did: either it is the key of another log, or somebody put other checkpoints in.
absl::StatusOr<bool> CheckKey(const engine::Snapshot& snapshot,
                              const merkle::NoteVerifier& verifier, Findings& findings) {
  CheckpointStream stored(snapshot);
  std::uint64_t others = 0;
  std::string other;
  while (const auto checkpoint = stored.Next(~std::uint64_t{0})) {
    storage::v1::CheckpointRecord record;
    if (!record.ParseFromString(checkpoint->payload)) continue;
    const auto is_of_key = verifier.IsOfKey(record.note());
    if (!is_of_key.ok()) continue;
    if (*is_of_key) return true;
    ++others;
    const std::string name = record.note().substr(0, record.note().find('\n'));
    if (merkle::IsNoteKeyName(name)) other = absl::StrCat(" (they are of the log ", name, ")");
  }
  LATCHKEY_RETURN_IF_ERROR(stored.status());
  if (others == 0) return true;
  findings.Add(absl::StrCat(
      "the key does not match: ", verifier.name(), " signed none of the ", others,
      " checkpoints in the store", other,
      "; look whether this is the key file of this store. The checkpoints were not compared"));
  return false;
}

// INVALID_ARGUMENT: what was given as a checkpoint is no signed note.
absl::StatusOr<std::map<std::string, merkle::Checkpoint>> OpenAll(
    const StoreCheckOptions& options, const merkle::NoteVerifier& verifier, Findings& findings) {
  std::map<std::string, merkle::Checkpoint> opened;
  for (const auto& [source, note] : options.remembered) {
    if (const auto is_of_key = verifier.IsOfKey(note); !is_of_key.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(source, " is no checkpoint: ", is_of_key.status().message()));
    }
    auto checkpoint = merkle::OpenCheckpoint(verifier, note);
    if (checkpoint.ok()) {
      opened.emplace(source, *std::move(checkpoint));
    } else {
      findings.Add(absl::StrCat("the checkpoint in ", source, " is not one of the log ",
                                verifier.name(), ": ", checkpoint.status().message()));
    }
  }
  return opened;
}

// The first event that is retained.
std::optional<std::uint64_t> OldestOf(const engine::Engine& engine) {
  const auto record = storage::View(engine.NewSnapshot()).Get(storage::RetentionKey());
  if (!record.ok()) return std::nullopt;
  return record->has_value() ? std::max<std::uint64_t>((*record)->oldest_sequence(), 1) : 1;
}

// What is there, for people.
std::string Summary(const LogCheck::Counts& counts) {
  std::string events = absl::StrCat(counts.newest, " events");
  if (counts.oldest > 1) {
    absl::StrAppend(&events, " (1 to ", counts.oldest - 1, " are no longer retained)");
  }
  return absl::StrCat(events, ", ", counts.checkpoints, " checkpoints");
}

}  // namespace

absl::StatusOr<bool> CheckStore(const StoreCheckOptions& options) {
  Findings findings(options.out);
  LATCHKEY_RETURN_IF_ERROR(CheckFormat(options.engine, findings));
  const auto snapshot = options.engine.NewSnapshot();
  LATCHKEY_ASSIGN_OR_RETURN(const auto verifier,
                            merkle::NoteVerifier::Parse(options.signer.VerifierKey()));
  LATCHKEY_ASSIGN_OR_RETURN(auto remembered, OpenAll(options, verifier, findings));
  LATCHKEY_ASSIGN_OR_RETURN(const bool is_key, CheckKey(*snapshot, verifier, findings));
  LATCHKEY_RETURN_IF_ERROR(CheckRecords(*snapshot, findings));
  LogCheck log({*snapshot, options.signer, std::move(remembered), findings,
                OldestOf(options.engine), is_key});
  LATCHKEY_ASSIGN_OR_RETURN(const LogCheck::Counts counts, log.Run());
  const bool is_clean = findings.count() == 0;
  options.out << (is_clean ? "clean: " : absl::StrCat("damaged, ", findings.count(), " findings: "))
              << Summary(counts) << "\n";
  return is_clean;
}

}  // namespace latchkey::fsck
