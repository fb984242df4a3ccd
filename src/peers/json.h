#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "peers/cluster_report.h"
#include "peers/messages.h"

namespace stampede::peers {

/// What roles tell each other over HTTP is JSON: one object a message, with every member of the
/// struct under its name, and "protocol":1. What comes by the thousand is an array of values in
/// order of the struct. Times are milliseconds since 1970; what is absent is null.
///
/// Readers ignore members, and elements at the end of an array of values, that they do not know: a
/// newer peer sends them. Another protocol, and a member that is missing, of another type or out of
/// range, is an error, a sentence with the member, its value and what was expected. Members that
/// came after protocol 1 was first spoken may be missing.
inline constexpr int kProtocol = 1;

/// Texts must be UTF-8.
std::string to_json(const Heartbeat& heartbeat);
std::string to_json(const HeartbeatReply& reply);
std::string to_json(const LeaseAsk& ask);
std::string to_json(const LeaseReply& reply);
std::string to_json(const ClusterReport& report);

std::expected<Heartbeat, std::string> parse_heartbeat(std::string_view text);
std::expected<HeartbeatReply, std::string> parse_heartbeat_reply(std::string_view text);
std::expected<LeaseAsk, std::string> parse_lease_ask(std::string_view text);
std::expected<LeaseReply, std::string> parse_lease_reply(std::string_view text);
std::expected<ClusterReport, std::string> parse_cluster_report(std::string_view text);

}  // namespace stampede::peers
