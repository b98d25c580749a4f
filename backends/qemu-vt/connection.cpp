// SPDX-License-Identifier: GPL-2.0-or-later
#include "connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

void Connection::add(int64_t time, vt::RecordType type, const uint8_t* data, size_t length, uint32_t card) {
  if (records_.empty() && on_first) on_first(time);
  const vt::Record head{.time = time, .type = type, .length = static_cast<uint32_t>(length), .card = card};
  const auto* bytes = reinterpret_cast<const uint8_t*>(&head);
  records_.insert(records_.end(), bytes, bytes + sizeof head);
  records_.insert(records_.end(), data, data + length);
}

bool Connection::report(vt::Report report) {
  report.bytes = records_.size();
  const bool sent = send_all(&report, sizeof report) && send_all(records_.data(), records_.size());
  records_.clear();
  return sent;
}

bool Connection::receive(vt::Order& order, std::vector<uint8_t>& body) {
  if (!receive_all(&order, sizeof order)) return false;
  body.resize(order.bytes);
  return receive_all(body.data(), body.size());
}

bool Connection::wait(int milliseconds, bool& there) {
  pollfd p{fd_, POLLIN, 0};
  if (poll(&p, 1, milliseconds) <= 0) return false;
  if ((p.revents & POLLIN) == 0) there = false;
  return there;
}

bool Connection::send_all(const void* data, size_t length) {
  const auto* p = static_cast<const char*>(data);
  while (length > 0) {
    const ssize_t n = send(fd_, p, length, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    p += n;
    length -= static_cast<size_t>(n);
  }
  return true;
}

bool Connection::receive_all(void* data, size_t length) {
  auto* p = static_cast<char*>(data);
  while (length > 0) {
    const ssize_t n = recv(fd_, p, length, MSG_WAITALL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    p += n;
    length -= static_cast<size_t>(n);
  }
  return true;
}
