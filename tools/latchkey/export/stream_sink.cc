#include "tools/latchkey/export/sink.h"

namespace latchkey::cli {
namespace {

class StreamSink final : public Sink {
 public:
  StreamSink(std::ostream& out, StateFile& state) : out_(out), state_(state) {}

  absl::Status Open() override { return absl::OkStatus(); }

  absl::Status Write(std::uint64_t /*sequence*/, absl::string_view line) override {
    out_ << line;
    return Good();
  }

  absl::Status Flush() override {
    out_.flush();
    return Good();
  }

  absl::Status Checkpoint(std::uint64_t position) override {
    if (state_.resumed() && position == state_.state().position) return absl::OkStatus();
    state_.state().position = position;
    return state_.Save();
  }

  absl::Status Finish(std::uint64_t position) override { return Checkpoint(position); }

 private:
  absl::Status Good() const {
    return out_ ? absl::OkStatus() : absl::UnknownError("standard output could not be written");
  }

  std::ostream& out_;
  StateFile& state_;
};

}  // namespace

std::unique_ptr<Sink> MakeStreamSink(std::ostream& out, StateFile& state) {
  return std::make_unique<StreamSink>(out, state);
}

}  // namespace latchkey::cli
