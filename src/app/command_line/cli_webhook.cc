#include "app/command_line/command_line.h"

// The commands about the merchant's own systems that are told what happens to orders.
namespace stampede::app {

void CommandLine::add_webhook() {
  CLI::App& group_of =
      group(app_, "webhook", "the merchant's own systems that are told what happens to orders");
  CLI::App& add = command(
      group_of, "add", "tell another one; prints the secret that deliveries are signed with, once",
      [this](const auto& loaded) { return app::add_webhook(loaded.config, webhook_add_); });
  add.add_option("url", webhook_add_.url, "where it is told: https://shop.example/webhooks")
      ->required();
  add.add_option_function<std::vector<std::string>>(
         "--events",
         [this](const std::vector<std::string>& names) {
           for (const std::string& name : names) {
             const auto event = webhook_event_named(name);
             if (!event) {
               refuse("--events", name,
                      names_of({kWebhookEvents.begin(), kWebhookEvents.end()}, " or "));
             }
             webhook_add_.events.push_back(*event);
           }
         },
         "which events, with commas between (all): " +
             names_of({kWebhookEvents.begin(), kWebhookEvents.end()}, ", "))
      ->delimiter(',')
      ->type_name("EVENT");

  CLI::App& list =
      command(group_of, "list", "list them in order of id",
              [this](const auto& loaded) { return list_webhooks(loaded.config, json_); });
  add_json(list, json_);

  add_webhook_change(group_of, "remove", "tell it nothing any more, and forget its log",
                     remove_webhook);
  add_webhook_change(group_of, "rotate",
                     "give it another secret, which is printed once; the one before it signs too "
                     "for 24 hours",
                     rotate_webhook);
  add_webhook_change(group_of, "enable",
                     "go on where it was disabled, with what happened meanwhile", enable_webhook);
  add_webhook_replay(group_of);
}

void CommandLine::add_webhook_change(CLI::App& group_of, const std::string& name,
                                     const std::string& what,
                                     Done (*change)(const Config&, WebhookId)) {
  CLI::App& added = command(group_of, name, what, [this, change](const auto& loaded) {
    return change(loaded.config, webhook_);
  });
  add_number(added, "webhook", webhook_.value, "its id", std::int64_t{1}).required();
}

void CommandLine::add_webhook_replay(CLI::App& group_of) {
  CLI::App& replay = command(
      group_of, "replay", "deliver again what was delivered before",
      [this](const auto& loaded) { return replay_webhook(loaded.config, webhook_replay_); });
  add_number(replay, "webhook", webhook_replay_.id.value, "its id", std::int64_t{1}).required();
  auto& from_order =
      add_number(replay, "--from-order", webhook_replay_.from.value,
                 "the order of that number, and all that followed it", std::int64_t{1});
  replay.add_flag("--from-start", webhook_replay_.from_start, "everything")->excludes(&from_order);

  CLI::App& log =
      command(group_of, "log", "list the newest attempts to deliver",
              [this](const auto& loaded) { return show_webhook_log(loaded.config, webhook_log_); });
  add_number(log, "webhook", webhook_log_.id.value, "its id", std::int64_t{1}).required();
  add_number(log, "--before", webhook_log_.before, "only attempts below this number");
  add_number(log, "--limit", webhook_log_.limit, "how many at most (100)", std::int64_t{1});
  add_json(log, webhook_log_.json);
}

}  // namespace stampede::app
