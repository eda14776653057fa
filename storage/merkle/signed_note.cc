#include "storage/merkle/signed_note.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/status_macros.h"

namespace latchkey::merkle {
namespace {

constexpr std::size_t kMaxNameSize = 128;
constexpr std::size_t kKeyIdSize = 4;
constexpr std::size_t kPublicKeySize = 32;
constexpr std::size_t kSignatureSize = 64;
// Signatures of one note: more are a way to waste a verifier's time.
constexpr std::size_t kMaxSignatures = 100;
constexpr char kEd25519 = 1;
constexpr absl::string_view kSignatureMark = "\xe2\x80\x94 ";  // an em dash and a space

absl::Status NoNote(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("the signed note ", why));
}

const unsigned char* Bytes(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

EVP_PKEY* KeyOf(const NoteKeyHandle& handle) { return static_cast<EVP_PKEY*>(handle.get()); }

// The type of the key, and the key.
std::string TypedKey(absl::string_view public_key) {
  return absl::StrCat(absl::string_view(&kEd25519, 1), public_key);
}

// What says which key a signature is of.
std::string KeyId(absl::string_view name, absl::string_view public_key) {
  const std::string named = absl::StrCat(name, "\n", TypedKey(public_key));
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(Bytes(named), named.size(), digest);
  return {reinterpret_cast<const char*>(digest), kKeyIdSize};
}

// Base64 in the one way to write it; else nothing could be told to be the same by its text.
bool DecodeBase64(absl::string_view text, std::string& bytes) {
  return absl::Base64Unescape(text, &bytes) && absl::Base64Escape(bytes) == text;
}

// Whether a text may be signed: it ends with a newline, and has no control character but that.
bool IsNoteText(absl::string_view text) {
  if (!absl::EndsWith(text, "\n")) return false;
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\n') return false;
  }
  return true;
}

absl::Status CheckSignature(const NoteKeyHandle& key, absl::string_view text,
                            absl::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const bool good =
      signature.size() == kSignatureSize &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, KeyOf(key)) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text),
                       text.size()) == 1;
  return good ? absl::OkStatus() : NoNote("has a signature that is not of its text");
}

// One line of signatures.
struct SignatureLine {
  absl::string_view name;
  std::string bytes;  // the key's id, and the signature
};

absl::StatusOr<SignatureLine> ParseSignatureLine(absl::string_view line) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::StripPrefix(line, kSignatureMark), absl::MaxSplits(' ', 1));
  SignatureLine parsed;
  parsed.name = parts.first;
  if (!absl::StartsWith(line, kSignatureMark) || parts.first.empty() ||
      !DecodeBase64(parts.second, parsed.bytes) || parsed.bytes.size() <= kKeyIdSize) {
    return NoNote("has a line among its signatures that is none");
  }
  return parsed;
}

// A note taken apart.
struct NoteParts {
  absl::string_view text;
  std::vector<SignatureLine> signatures;
};

absl::StatusOr<NoteParts> ParseNote(absl::string_view note) {
  if (note.size() > kMaxNoteSize) return NoNote("is too large");
  // The last empty line: the text may have some of its own.
  const std::size_t split = note.rfind("\n\n");
  if (split == absl::string_view::npos) return NoNote("has no signature");
  NoteParts parts;
  parts.text = note.substr(0, split + 1);
  absl::string_view rest = note.substr(split + 2);
  if (!IsNoteText(parts.text)) return NoNote("has a text that it cannot have");
  if (!absl::ConsumeSuffix(&rest, "\n")) return NoNote("does not end with a line of a signature");
  const std::vector<absl::string_view> lines = absl::StrSplit(rest, '\n');
  if (lines.size() > kMaxSignatures) return NoNote("has too many signatures");
  for (const absl::string_view line : lines) {
    LATCHKEY_ASSIGN_OR_RETURN(SignatureLine signature, ParseSignatureLine(line));
    parts.signatures.push_back(std::move(signature));
  }
  return parts;
}

}  // namespace

bool IsNoteKeyName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxNameSize) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        !absl::StrContains("./:_-", absl::string_view(&c, 1))) {
      return false;
    }
  }
  return true;
}

void NoteKeyDeleter::operator()(void* key) const { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }

absl::StatusOr<NoteSigner> NoteSigner::Create(absl::string_view name, absl::string_view seed) {
  if (!IsNoteKeyName(name)) {
    return absl::InvalidArgumentError(
        "the name of a log's key takes 1 to 128 characters of [a-zA-Z0-9./:_-]");
  }
  if (seed.size() != kNoteSeedSize) {
    return absl::InvalidArgumentError("the seed of a log's key takes 32 bytes");
  }
  NoteSigner signer;
  signer.name_ = std::string(name);
  signer.key_.reset(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()));
  std::string public_key(kPublicKeySize, '\0');
  std::size_t size = public_key.size();
  if (signer.key_ == nullptr ||
      EVP_PKEY_get_raw_public_key(
          KeyOf(signer.key_), reinterpret_cast<unsigned char*>(public_key.data()), &size) != 1) {
    return absl::InternalError("the library makes no Ed25519 key");
  }
  signer.public_key_ = std::move(public_key);
  return signer;
}

absl::StatusOr<std::string> NoteSigner::Sign(absl::string_view text) const {
  if (!IsNoteText(text) || text.size() > kMaxNoteSize / 2) {
    return absl::InvalidArgumentError("the text is none that a signed note can have");
  }
  std::string signature(kSignatureSize, '\0');
  std::size_t size = signature.size();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, KeyOf(key_)) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(text), text.size()) != 1) {
    return absl::InternalError("the library does not sign");
  }
  return absl::StrCat(text, "\n", kSignatureMark, name_, " ",
                      absl::Base64Escape(absl::StrCat(KeyId(name_, public_key_), signature)), "\n");
}

std::string NoteSigner::VerifierKey() const {
  return absl::StrCat(name_, "+", absl::BytesToHexString(KeyId(name_, public_key_)), "+",
                      absl::Base64Escape(TypedKey(public_key_)));
}

absl::StatusOr<NoteVerifier> NoteVerifier::Parse(absl::string_view verifier_key) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(verifier_key, absl::MaxSplits('+', 2));
  std::string typed;
  if (parts.size() != 3 || !IsNoteKeyName(parts[0]) || !DecodeBase64(parts[2], typed) ||
      typed.size() != 1 + kPublicKeySize || typed[0] != kEd25519) {
    return absl::InvalidArgumentError(
        "the verifier key is none; it takes NAME+HEX8+BASE64 of an Ed25519 key");
  }
  const absl::string_view public_key = absl::string_view(typed).substr(1);
  NoteVerifier verifier;
  verifier.name_ = std::string(parts[0]);
  verifier.id_ = KeyId(verifier.name_, public_key);
  if (absl::BytesToHexString(verifier.id_) != parts[1]) {
    return absl::InvalidArgumentError("the verifier key has an id that is not of its key");
  }
  verifier.key_.reset(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()));
  if (verifier.key_ == nullptr) return absl::InternalError("the library takes no Ed25519 key");
  return verifier;
}

absl::StatusOr<std::string> NoteVerifier::Open(absl::string_view note) const {
  LATCHKEY_ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
  bool is_signed = false;
  for (const SignatureLine& signature : parts.signatures) {
    if (signature.name != name_ || !absl::StartsWith(signature.bytes, id_)) continue;
    LATCHKEY_RETURN_IF_ERROR(
        CheckSignature(key_, parts.text, absl::string_view(signature.bytes).substr(kKeyIdSize)));
    is_signed = true;
  }
  if (!is_signed) return NoNote(absl::StrCat("is not signed by the key ", name_));
  return std::string(parts.text);
}

absl::StatusOr<bool> NoteVerifier::IsOfKey(absl::string_view note) const {
  LATCHKEY_ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
  return std::any_of(parts.signatures.begin(), parts.signatures.end(),
                     [this](const SignatureLine& signature) {
                       return signature.name == name_ && absl::StartsWith(signature.bytes, id_);
                     });
}

}  // namespace latchkey::merkle
