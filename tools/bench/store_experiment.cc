#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "server/base/status_macros.h"
#include "tools/bench/experiments.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/loads.h"

namespace latchkey::benchmark {
namespace {

constexpr std::size_t kSmallStore = 1000;
constexpr int kLargestBatch = 1000;
// The server writes a last use at most this long after it, and some seconds are for the writing.
constexpr absl::Duration kUseFlushTime = absl::Seconds(65);

// A server with so many tokens.
struct Store {
  Subject subject;
  std::vector<std::string> secrets;
};

absl::StatusOr<Store> MakeStore(Lab& lab, const std::string& name, std::size_t tokens,
                                const std::string& figure) {
  Store store;
  LATCHKEY_ASSIGN_OR_RETURN(store.subject, MakeSubject(lab.options, lab.cores, lab.folder, name));
  LATCHKEY_ASSIGN_OR_RETURN(store.secrets, IssueTokens(lab, store.subject, tokens, figure));
  return store;
}

// Starts the server again and returns the seconds from there to the first good answer. Nothing of
// its files is in the kernel's memory, as far as that can be asked for.
absl::StatusOr<double> Reopen(Lab& lab, Store& store) {
  Latchkeyd& process = *store.subject.process;
  DropFromPageCache(process.data());
  const auto start = std::chrono::steady_clock::now();
  LATCHKEY_RETURN_IF_ERROR(process.Restart());
  LATCHKEY_ASSIGN_OR_RETURN(store.subject.channels,
                            OpenChannels(process.address(), "", lab.options.channels));
  const auto verify = MakeVerifyLoad(store.subject.channels, store.subject.tenant, store.secrets,
                                     PickAny(store.secrets.size()));
  LATCHKEY_RETURN_IF_ERROR(Probe(*verify));
  store.subject.pid = process.pid();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// After SIGKILL, which leaves the most to recover, and after an orderly end.
absl::Status MeasureOpening(Lab& lab, Store& store) {
  store.subject.process->Kill();
  LATCHKEY_ASSIGN_OR_RETURN(const double killed, Reopen(lab, store));
  LATCHKEY_RETURN_IF_ERROR(StopSubject(store.subject));
  LATCHKEY_ASSIGN_OR_RETURN(const double stopped, Reopen(lab, store));
  const std::string name = absl::StrCat(store.secrets.size(), " tokens: start to first answer");
  lab.report.findings.push_back({name, "s", SpreadOf({stopped}), Goal::kAtMost, 2});
  lab.report.findings.push_back(
      {absl::StrCat(name, " after a kill"), "s", SpreadOf({killed}), Goal::kAtMost, 2});
  return absl::OkStatus();
}

void MeasureBytes(Lab& lab, const Store& store) {
  const absl::Duration quiet = lab.options.quick ? absl::Milliseconds(300) : absl::Seconds(5);
  const FolderSize size =
      SettledSize(store.subject.process->data(), quiet, /*timeout=*/absl::Minutes(2));
  const auto tokens = static_cast<double>(store.secrets.size());
  const std::string name = absl::StrCat(store.secrets.size(), " tokens: bytes a token, ");
  lab.report.findings.push_back({name + "by the files' lengths", "B",
                                 SpreadOf({static_cast<double>(size.bytes) / tokens}),
                                 Goal::kAtMost, 600});
  lab.report.findings.push_back(
      {name + "on the disk", "B", SpreadOf({static_cast<double>(size.allocated) / tokens})});
}

// How much of a core the server takes while nobody calls it and no token is due.
absl::Status MeasureIdle(Lab& lab, const Store& store) {
  const absl::Duration span = lab.options.quick ? absl::Milliseconds(300) : absl::Seconds(20);
  LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration before, CpuTimeOf(store.subject.pid));
  const absl::Time start = absl::Now();
  absl::SleepFor(span);
  LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration after, CpuTimeOf(store.subject.pid));
  const double percent = 100 * absl::FDivDuration(after - before, absl::Now() - start);
  lab.report.findings.push_back(
      {absl::StrCat(store.secrets.size(), " tokens: share of a core while nothing happens"), "%",
       SpreadOf({percent}), Goal::kAtMost, 2});
  return absl::OkStatus();
}

// Has the server look at every token once.
absl::Status TouchAll(const Store& store) {
  const int batch = static_cast<int>(std::min<std::size_t>(store.secrets.size(), kLargestBatch));
  const auto load = MakeBatchVerifyLoad(store.subject.channels, store.subject.tenant, store.secrets,
                                        PickEachOnce(store.secrets.size(), 0), batch);
  LoopOptions loop;
  loop.outstanding = 2;
  loop.measure = absl::Minutes(10);
  loop.max_calls = (store.secrets.size() + kLargestBatch - 1) / kLargestBatch;
  return RunClosedLoop(*load, loop).status();
}

// Waits until the server has written the last uses of all tokens, which it does once an hour for
// each that is used, within a minute: that it costs is a figure of its own, and not in any other.
absl::Status MeasureLastUses(Lab& lab, const Store& store) {
  if (lab.options.quick) return absl::OkStatus();
  const absl::Time begin = absl::Now();
  LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration before, CpuTimeOf(store.subject.pid));
  absl::Duration used = before;
  int quiet_seconds = 0;
  while (absl::Now() - begin < absl::Minutes(3)) {
    LATCHKEY_RETURN_IF_ERROR(CheckInterrupt());
    absl::SleepFor(absl::Seconds(1));
    LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration now, CpuTimeOf(store.subject.pid));
    quiet_seconds = now - used < absl::Milliseconds(20) ? quiet_seconds + 1 : 0;
    used = now;
    if (quiet_seconds >= 5 && absl::Now() - begin > kUseFlushTime) break;
  }
  const auto tokens = static_cast<double>(store.secrets.size());
  lab.report.findings.push_back(
      {absl::StrCat(store.secrets.size(), " tokens used: writing that, once an hour for each"),
       "us each", SpreadOf({absl::ToDoubleMicroseconds(used - before) / tokens})});
  return absl::OkStatus();
}

absl::StatusOr<Spread> CompareVerify(Lab& lab, const Store& large, const Store& small,
                                     const std::string& how, Picker pick,
                                     std::uint64_t calls_a_round) {
  const auto of_large =
      MakeVerifyLoad(large.subject.channels, large.subject.tenant, large.secrets, std::move(pick));
  const auto of_small = MakeVerifyLoad(small.subject.channels, small.subject.tenant, small.secrets,
                                       PickAny(small.secrets.size()));
  const int outstanding = lab.options.outstanding;
  const std::string count = absl::StrCat(large.secrets.size());
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::vector<Figure> figures,
      RunInTurns(lab, {{absl::StrCat("Verify of ", count, ", ", how), of_large.get(), outstanding,
                        large.subject.pid, calls_a_round},
                       {absl::StrCat("Verify of ", small.secrets.size(), " beside it, ", how),
                        of_small.get(), outstanding, small.subject.pid}}));
  return RatioOf(figures[0], figures[1], ServerCpu);
}

template <typename Call>
absl::StatusOr<double> MillisecondsOf(const Call& call) {
  const auto start = std::chrono::steady_clock::now();
  LATCHKEY_RETURN_IF_ERROR(call());
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

absl::Status RevokeOne(const Store& store, const std::string& secret) {
  v1::TokenService::Stub tokens(store.subject.channels.front());
  v1::RevokeTokenRequest request;
  request.set_secret(secret);
  return CallOnce(tokens, &v1::TokenService::Stub::RevokeToken,
                  store.subject.tenant.on_behalf_of_member, request)
      .status();
}

// Asks for all tokens of the app of the store to end: previews where `confirmation` is empty.
absl::StatusOr<v1::BulkRevokeTokensResponse> RevokeAll(const Store& store,
                                                       const std::string& confirmation) {
  v1::TokenService::Stub tokens(store.subject.channels.front());
  v1::BulkRevokeTokensRequest request;
  request.set_parent(store.subject.tenant.workspace);
  request.set_app(store.subject.tenant.apps.front());
  request.set_preview(confirmation.empty());
  request.set_confirmation(confirmation);
  return CallOnce(tokens, &v1::TokenService::Stub::BulkRevokeTokens,
                  store.subject.tenant.on_behalf_of_member, request);
}

absl::Status ExpectInactive(const Store& store, const std::string& secret) {
  v1::VerifierService::Stub verifier(store.subject.channels.front());
  v1::VerifyRequest request;
  request.set_secret(secret);
  LATCHKEY_ASSIGN_OR_RETURN(const v1::VerifyResponse answer,
                            CallOnce(verifier, &v1::VerifierService::Stub::Verify,
                                     store.subject.tenant.as_service, request));
  if (answer.verification().status() == v1::VERIFY_STATUS_INACTIVE) return absl::OkStatus();
  return absl::InternalError("a token is good although all of its app were revoked");
}

// Ends one token, and then all of the app, in turns. All are alive in the first turn; then only the
// one that each turn makes, among as many dead ones.
absl::Status MeasureRevocation(Lab& lab, const Store& store) {
  constexpr int kTurns = 9;
  std::vector<double> ratios;
  for (int turn = 0; turn < kTurns; ++turn) {
    LATCHKEY_ASSIGN_OR_RETURN(const std::vector<std::string> fresh,
                              IssueTokens(lab, store.subject, 2, ""));
    LATCHKEY_ASSIGN_OR_RETURN(const v1::BulkRevokeTokensResponse preview, RevokeAll(store, ""));
    LATCHKEY_ASSIGN_OR_RETURN(const double one,
                              MillisecondsOf([&] { return RevokeOne(store, fresh.front()); }));
    LATCHKEY_ASSIGN_OR_RETURN(const double all, MillisecondsOf([&] {
                                return RevokeAll(store, preview.confirmation()).status();
                              }));
    ratios.push_back(all / one);
    LATCHKEY_RETURN_IF_ERROR(ExpectInactive(store, fresh.back()));
  }
  LATCHKEY_RETURN_IF_ERROR(ExpectInactive(store, store.secrets.back()));
  lab.report.findings.push_back(
      {absl::StrCat("revoking all ", store.secrets.size(),
                    " tokens of an app over revoking one: time to the reply"),
       "x", SpreadOf(ratios), Goal::kAtMost, 3});
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureStore(Lab& lab) {
  const std::size_t tokens = lab.options.tokens;
  LATCHKEY_ASSIGN_OR_RETURN(
      Store large, MakeStore(lab, "large", tokens, absl::StrCat("IssueToken of ", tokens)));
  LATCHKEY_ASSIGN_OR_RETURN(Store small,
                            MakeStore(lab, "small", std::min(tokens, kSmallStore), ""));
  LATCHKEY_RETURN_IF_ERROR(MeasureOpening(lab, large));
  MeasureBytes(lab, large);
  LATCHKEY_RETURN_IF_ERROR(MeasureIdle(lab, large));
  const std::string name =
      absl::StrCat("Verify of ", tokens, " over that of ", small.secrets.size(), ": server CPU, ");
  // Each token is looked at once at most, so that no answer comes from memory.
  LATCHKEY_ASSIGN_OR_RETURN(const Spread cold,
                            CompareVerify(lab, large, small, "cold", PickEachOnce(tokens, 0),
                                          tokens / static_cast<std::size_t>(lab.options.rounds)));
  LATCHKEY_RETURN_IF_ERROR(TouchAll(large));
  LATCHKEY_RETURN_IF_ERROR(MeasureLastUses(lab, large));
  LATCHKEY_ASSIGN_OR_RETURN(const Spread warm,
                            CompareVerify(lab, large, small, "warm", PickAny(tokens), UINT64_MAX));
  lab.report.findings.push_back({name + "warm", "x", warm, Goal::kAtMost, 1.15});
  lab.report.findings.push_back({name + "cold", "x", cold});
  LATCHKEY_RETURN_IF_ERROR(MeasureRevocation(lab, large));
  LATCHKEY_RETURN_IF_ERROR(EndSubject(large.subject));
  return EndSubject(small.subject);
}

}  // namespace latchkey::benchmark
