#include "server/secret/key_file_text.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/merkle/signed_note.h"

namespace latchkey::secret {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kMaxShownName = 24;

constexpr char kFormatField[] = "format";
constexpr char kHashKeysField[] = "hash_keys";
constexpr char kIdField[] = "id";
constexpr char kKeyField[] = "key";
constexpr char kSealingKeyField[] = "sealing_key";
constexpr char kOperatorHashField[] = "operator_hash";
constexpr char kLogOriginField[] = "log_origin";
constexpr char kLogSeedField[] = "log_seed";

// What a field may hold; empty for one that there is not.
absl::string_view ValuesOf(absl::string_view field) {
  if (field == kFormatField) return "1";
  if (field == kHashKeysField) return "a list of one key or more";
  if (field == kIdField) return "a number from 1 to 4294967295, another for each key";
  if (field == kLogOriginField) return "1 to 128 characters of [a-zA-Z0-9./:_-]";
  if (field == kKeyField || field == kSealingKeyField || field == kOperatorHashField ||
      field == kLogSeedField) {
    return "32 bytes in base64";
  }
  return "";
}

// Walks over text and notes the last character read, to tell the line.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;  // NOLINT(readability-identifier-naming)
  using value_type = char;                            // NOLINT(readability-identifier-naming)
  using difference_type = std::ptrdiff_t;             // NOLINT(readability-identifier-naming)
  using pointer = const char*;                        // NOLINT(readability-identifier-naming)
  using reference = const char&;                      // NOLINT(readability-identifier-naming)

  Cursor(const char* at, const char** last_read) : at_(at), last_read_(last_read) {}

  reference operator*() const { return *(*last_read_ = at_); }
  Cursor& operator++() {
    ++at_;
    return *this;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** last_read_;
};

// Takes the parser's events, one value at a time, so that no tree of the keys is ever in memory.
// Each returns whether to go on.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  explicit Reader(absl::string_view text) : text_(text), last_read_(text.data()) {}

  absl::StatusOr<KeyFileContents> Read() {
    const Cursor begin(text_.data(), &last_read_);
    const Cursor end(text_.data() + text_.size(), &last_read_);
    if (!Json::sax_parse(begin, end, this)) return status_;
    return std::move(contents_);
  }

  bool start_object(std::size_t /*elements*/) override {
    if (place_ == Place::kHashKeys) {
      place_ = Place::kHashKey;
      key_fields_.clear();
      contents_.hash_keys.emplace_back();
      return true;
    }
    if (place_ != Place::kStart) return RefuseValue();
    place_ = Place::kFile;
    return true;
  }

  bool key(std::string& name) override {
    field_ = name;
    const bool of_key = name == kIdField || name == kKeyField;
    if (ValuesOf(name).empty() || of_key != (place_ == Place::kHashKey)) {
      return Refuse(absl::StrCat("there is no field ", ShownName(), " here"));
    }
    if (!fields().insert(name).second) return Refuse(absl::StrCat(name, " is there twice"));
    return true;
  }

  bool start_array(std::size_t /*elements*/) override {
    if (place_ != Place::kFile || field_ != kHashKeysField) return RefuseValue();
    place_ = Place::kHashKeys;
    return true;
  }

  bool end_array() override {
    place_ = Place::kFile;
    return !contents_.hash_keys.empty() || RefuseValue();
  }

  bool end_object() override {
    if (place_ == Place::kHashKey) {
      place_ = Place::kHashKeys;
      return Need({kIdField, kKeyField}, key_fields_);
    }
    place_ = Place::kEnd;
    if (!Need({kFormatField, kHashKeysField, kSealingKeyField, kOperatorHashField}, file_fields_)) {
      return false;
    }
    if (file_fields_.count(kLogOriginField) + file_fields_.count(kLogSeedField) == 0) return true;
    return Need({kLogOriginField, kLogSeedField}, file_fields_);
  }

  bool number_unsigned(std::uint64_t value) override {
    if (place_ == Place::kFile && field_ == kFormatField) return value == kFormat || RefuseValue();
    if (place_ != Place::kHashKey || field_ != kIdField) return RefuseValue();
    const auto& keys = contents_.hash_keys;
    const bool taken = std::any_of(keys.begin(), keys.end(),
                                   [value](const auto& other) { return other.id == value; });
    // Taken too: 0, which the key has that is being read.
    if (taken || value > std::numeric_limits<std::uint32_t>::max()) return RefuseValue();
    contents_.hash_keys.back().id = static_cast<std::uint32_t>(value);
    return true;
  }

  bool string(std::string& value) override {
    if (place_ == Place::kFile && field_ == kLogOriginField) return TakeLogOrigin(value);
    std::string bytes;
    const bool ok = absl::Base64Unescape(value, &bytes) && bytes.size() == kKeySize;
    Wipe(value);
    SecretString secret(std::move(bytes));
    if (!ok || place_ == Place::kHashKeys) return RefuseValue();
    if (field_ == kKeyField) {
      contents_.hash_keys.back().key = std::move(secret);
    } else if (field_ == kSealingKeyField) {
      contents_.sealing_key = std::move(secret);
    } else if (field_ == kLogSeedField) {
      contents_.log_seed = std::move(secret);
    } else if (field_ == kOperatorHashField) {
      const absl::string_view hash = secret.Reveal();
      std::copy(hash.begin(), hash.end(), contents_.operator_hash.begin());
    } else {
      return RefuseValue();
    }
    return true;
  }

  bool null() override { return RefuseValue(); }
  bool boolean(bool /*value*/) override { return RefuseValue(); }
  bool number_integer(std::int64_t /*value*/) override { return RefuseValue(); }
  bool number_float(double /*value*/, const std::string& /*text*/) override {
    return RefuseValue();
  }
  bool binary(Json::binary_t& /*value*/) override { return RefuseValue(); }

  // The parser's own message is left out: it quotes what it read, which may be a key.
  bool parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                   const Json::exception& /*error*/) override {
    return Refuse(field_.empty() ? "is no JSON"
                                 : absl::StrCat("is no JSON, after the field ", ShownName()));
  }

 private:
  enum class Place { kStart, kFile, kHashKeys, kHashKey, kEnd };

  bool TakeLogOrigin(std::string& value) {
    contents_.log_origin = value;
    return merkle::IsNoteKeyName(value) || RefuseValue();
  }

  std::set<std::string>& fields() { return place_ == Place::kHashKey ? key_fields_ : file_fields_; }

  // A name as long as a key may be one that slipped.
  std::string ShownName() const {
    return field_.size() > kMaxShownName ? "of so long a name" : absl::CHexEscape(field_);
  }

  bool Need(std::initializer_list<const char*> names, const std::set<std::string>& there) {
    for (const char* name : names) {
      if (there.count(name) == 0) return Refuse(absl::StrCat("the field ", name, " is missing"));
    }
    return true;
  }

  bool RefuseValue() {
    if (field_.empty()) return Refuse("is no JSON object");
    return Refuse(absl::StrCat("the field ", field_, " takes ", ValuesOf(field_)));
  }

  bool Refuse(absl::string_view why) {
    const auto line = 1 + std::count(text_.data(), last_read_, '\n');
    status_ = absl::DataLossError(absl::StrCat("line ", line, ": ", why));
    return false;
  }

  const absl::string_view text_;
  const char* last_read_;
  Place place_ = Place::kStart;
  std::string field_;
  std::set<std::string> file_fields_;
  std::set<std::string> key_fields_;
  KeyFileContents contents_;
  absl::Status status_;
};

SecretString Quoted(absl::string_view bytes) {
  const SecretString base64(absl::Base64Escape(bytes));
  return SecretString(absl::StrCat("\"", base64.Reveal(), "\""));
}

}  // namespace

SecretString FormatKeyFile(const KeyFileContents& contents) {
  std::string text;
  text.reserve(1024 + 128 * contents.hash_keys.size());  // it must not move and leave keys behind
  absl::StrAppend(&text, "{\n  \"", kFormatField, "\": ", kFormat, ",\n  \"", kHashKeysField,
                  "\": [");
  absl::string_view separator = "\n";
  for (const auto& [id, key] : contents.hash_keys) {
    absl::StrAppend(&text, separator, "    {\"", kIdField, "\": ", id, ", \"", kKeyField,
                    "\": ", Quoted(key.Reveal()).Reveal(), "}");
    separator = ",\n";
  }
  absl::StrAppend(&text, "\n  ],\n  \"", kSealingKeyField,
                  "\": ", Quoted(contents.sealing_key.Reveal()).Reveal());
  absl::StrAppend(&text, ",\n  \"", kOperatorHashField,
                  "\": ", Quoted(AsBytes(contents.operator_hash)).Reveal());
  if (contents.has_log_key()) {
    absl::StrAppend(&text, ",\n  \"", kLogOriginField, "\": \"", contents.log_origin, "\",\n  \"",
                    kLogSeedField, "\": ", Quoted(contents.log_seed.Reveal()).Reveal());
  }
  absl::StrAppend(&text, "\n}\n");
  return SecretString(std::move(text));
}

absl::StatusOr<KeyFileContents> ParseKeyFile(absl::string_view text) { return Reader(text).Read(); }

}  // namespace latchkey::secret
