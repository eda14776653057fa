#include "tools/latchkey/bulk_follow.h"

#include "client/audit_subscriber.h"
#include "tools/latchkey/progress_bar.h"
#include "tools/latchkey/resource_name.h"

namespace latchkey::cli {
namespace {

// Used by one thread.
class Follow {
 public:
  Follow(Session& session, const Client& client, const v1::BulkRevokeTokensResponse& started)
      : session_(session),
        job_(started.bulk_revocation()),
        bar_(MakeBar()),
        subscriber_(client, MakeOptions(started)) {}

  absl::StatusOr<v1::BulkRevocation> Run() {
    StopSignal& stop = session_.io().stop;
    stop.Listen([this] { subscriber_.Stop(); });
    const absl::Status ended = subscriber_.Run();
    stop.Listen(nullptr);
    bar_.Hide();
    LATCHKEY_RETURN_IF_ERROR(ended);
    return job_;
  }

 private:
  ProgressBar MakeBar() const {
    const Io& io = session_.io();
    const bool shown = io.err_is_terminal && !session_.json() && io.Env("TERM") != "dumb";
    return ProgressBar(shown ? &io.err : nullptr, io.clock, job_.expected_count(),
                       ProgressUnit::kTokens);
  }

  SubscriberOptions MakeOptions(const v1::BulkRevokeTokensResponse& started) {
    SubscriberOptions options;
    options.filter.set_workspace(SplitName(job_.name()).first);
    options.filter.set_resource(job_.name());
    options.after_revision = started.revision();
    options.first_response_within = session_.settings().timeout;
    options.on_response = [this](const v1::SubscribeResponse& response) { Take(response); };
    return options;
  }

  void Take(const v1::SubscribeResponse& response) {
    for (const v1::Event& event : response.events()) {
      // Somebody was refused to stop it.
      if (!event.after().has_bulk_revocation()) continue;
      const v1::BulkRevocation& now = event.after().bulk_revocation();
      if (now.revoked_count() > job_.revoked_count()) {
        bar_.Advance(now.revoked_count() - job_.revoked_count());
      }
      job_ = now;
    }
    if (job_.state() != v1::BULK_REVOCATION_STATE_RUNNING) subscriber_.Stop();
  }

  Session& session_;
  v1::BulkRevocation job_;
  ProgressBar bar_;
  AuditSubscriber subscriber_;
};

}  // namespace

absl::StatusOr<v1::BulkRevocation> FollowBulkRevocation(
    Session& session, const Client& client, const v1::BulkRevokeTokensResponse& started) {
  return Follow(session, client, started).Run();
}

}  // namespace latchkey::cli
