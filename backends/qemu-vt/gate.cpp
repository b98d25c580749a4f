// SPDX-License-Identifier: GPL-2.0-or-later
//
// A plugin for an unpatched qemu-system-* that gives its virtual clock to xedgesim: with `-icount
// shift=N,sleep=off` the machine's time is the number of its instructions, and a timer on that clock stops it
// at every boundary until it is told how far it may go. Frames and console bytes carry virtual times in both
// directions, so the result does not depend on where the boundaries lie. docs/linux-machines.md says how it
// is used; src/vm/vt_protocol.h what is said.
//
//   -plugin xedgesim-vt.so,fd=N[,net=ID:ID…][,console=ID]   ID: the netdevs and chardev that devices may name
//   -plugin xedgesim-vt.so,check=on                     says whether this QEMU will do, and ends it
//   ...,rouse=on                                        for tests: QEMU's main loop never comes to rest
//   ...,counter=narrow                                  for tests: its blocks store their counter as it
//   writes them
//   ...,counter=told                                    says at its end how many do not (counter_store.h)
//
// Limits: one console, one virtual processor. A virtual timer of QEMU fires at the first
// instruction at or after its time, so a busy machine may be up to one instruction (8 ns) late.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "carrier.h"
#include "clock_jump.h"
#include "connection.h"
#include "console.h"
#include "counter_store.h"
#include "processor_loop.h"
#include "qemu.h"

namespace {

constexpr size_t kQueue = 10'000;  // frames: QEMU's own limit of a queue
constexpr int kPatience = 10;      // ms between two looks at whether the machine is to stop

int refuse(const char* why) {
  std::fprintf(stderr, "xedgesim-vt: %s\n", why);
  return -1;
}

class Gate {
 public:
  explicit Gate(int fd) : connection_(fd) {}

  /// Null, or why this QEMU will not do.
  const char* start(uint64_t id, const char* net, const char* console);

 private:
  struct Delivery {
    Gate* gate = nullptr;
    void* card = nullptr;
    qemu::Timer timer;
    std::vector<uint8_t> frame;
  };

  struct Card {
    void* client = nullptr;
    std::unique_ptr<Carrier> carrier;
  };

  void add_card(const std::string& net);
  void sent(void* client, const uint8_t* data, size_t size);
  void begin();
  void come_sooner(int64_t sent);
  void boundary();
  void pass();
  void look();
  /// `in_loop`: called by the processor's loop, which has just taken the big lock.
  void stand(bool in_loop);
  bool repeat();
  void obey(const std::vector<uint8_t>& body);
  void release();
  void deliver(const vt::Record& record, const uint8_t* data);
  void hand_over(void* card, const std::vector<uint8_t>& frame);
  void ended();

  qemu::Functions f_{};
  Connection connection_;
  Console* console_ = nullptr;
  std::vector<Card> cards_;
  qemu::NetClientInfo card_type_{};
  qemu::Timer timer_;
  std::vector<uint8_t> body_;
  vt::Report report_;
  vt::Order order_;
  size_t frames_waiting_ = 0;  // on their way, or in QEMU's queue before a card
  bool queued_ = false;        // stand() is on its way
  bool standing_ = false;      // the report has been sent and not been answered
  bool released_ = false;      // the machine ends and is held up no more
};

Gate* gate = nullptr;  // QEMU's network callback carries no pointer of ours

const char* Gate::start(uint64_t id, const char* net, const char* console) {
  if (qemu::resolve(f_)) return "a function is missing";  // said before, by name
  if (console)
    if (const char* problem = Console::create(console, f_, connection_, console_)) return problem;
  if (net) {
    card_type_.type = qemu::kNetDriver;
    card_type_.size = qemu::kClientSize;
    card_type_.receive = [](void* client, const uint8_t* data, size_t size) {
      gate->sent(client, data, size);
      return static_cast<ssize_t>(size);
    };
    for (const char* at = net; *at != 0;) {
      const char* end = std::strchr(at, ':');
      add_card(end ? std::string(at, end) : at);
      at = end ? end + 1 : at + std::strlen(at);
    }
  }
  f_.register_atexit(
      id, [](uint64_t, void* g) { static_cast<Gate*>(g)->ended(); }, this);
  if (!connection_.report(
          {.type = vt::ReportType::hello, .now = vt::kVersion, .instructions = qemu::plugin_interface()}))
    return "xedgesim is gone";
  f_.timer_init_full(
      &timer_, nullptr, qemu::kClockVirtual, qemu::kTimerScaleNs, 0,
      [](void* g) { static_cast<Gate*>(g)->begin(); }, this);
  f_.timer_mod_ns(&timer_, 0);
  connection_.on_first = [this](int64_t t) { come_sooner(t); };
  return nullptr;
}

void Gate::add_card(const std::string& net) {
  cards_.push_back(
      {f_.new_net_client(&card_type_, nullptr, "xedgesim", net.c_str()), std::make_unique<Carrier>(f_, net)});
}

void Gate::sent(void* client, const uint8_t* data, size_t size) {
  if (released_) return;
  for (uint32_t i = 0; i < cards_.size(); ++i)
    if (cards_[i].client == client)
      connection_.add(f_.clock_get_ns(qemu::kClockVirtual), vt::RecordType::frame, data, size, i);
}

/// Something was sent at that time: what answers may arrive a window later.
void Gate::come_sooner(int64_t sent) {
  if (order_.window < 0 || queued_ || standing_ || released_ || sent + order_.window >= order_.until) return;
  order_.until = sent + order_.window;
  f_.timer_mod_ns(&timer_, order_.until);
}

/// At the first boundary: when the plugin is loaded the accelerator has not chosen its functions yet.
void Gate::begin() {
  if (const char* problem = guard_clock_jumps(f_)) {
    refuse(problem);
    return release();
  }
  f_.timer_init_full(
      &timer_, nullptr, qemu::kClockVirtual, qemu::kTimerScaleNs, 0,
      [](void* g) { static_cast<Gate*>(g)->boundary(); }, this);
  boundary();
  watch_processor_loop(f_, [] { gate->pass(); });
}

/// The processor's loop comes by; at the boundary the timer is due next, but need not be.
void Gate::pass() {
  if (released_ || queued_ || f_.clock_get_ns(qemu::kClockVirtual) < order_.until) return;
  f_.timer_del(&timer_);  // not the next timer of the machine's own
  look();
  stand(true);
}

void Gate::look() {
  if (standing_) return;
  const int64_t wait = f_.clock_deadline_ns(qemu::kClockVirtual, ~0);
  report_ = {.type = vt::ReportType::boundary, .idle = f_.all_cpus_idle()};
  report_.now = f_.clock_get_ns(qemu::kClockVirtual);
  report_.instructions = f_.icount_get_raw();
  report_.next = wait < 0 ? -1 : report_.now + wait;
  report_.waiting = frames_waiting_ + (console_ ? console_->waiting() : 0);
  for (const Card& c : cards_) report_.waiting += c.carrier->waiting();
}

void Gate::boundary() {
  if (released_ || queued_) return;
  look();
  // The waiting itself is work for the processor's thread, done before its next instruction: QEMU's main
  // loop, when it wants to stop the machine, first waits for every timer function to return, with the big
  // lock held.
  queued_ = true;
  f_.async_run_on_cpu(
      f_.get_cpu(0), [](void*, void* g) { static_cast<Gate*>(g)->stand(false); }, this);
}

void Gate::stand(bool in_loop) {
  queued_ = false;
  if (released_) return;
  // While we wait the big lock is free, so that the monitor answers; a timer that is due keeps the main loop
  // from letting the clock of an idle machine jump meanwhile.
  f_.timer_mod_ns(&timer_, report_.now);
  in_loop ? give_up_lock() : f_.big_unlock();
  bool there = standing_ || connection_.report(report_);
  standing_ = true;
  bool answered = false;
  while (there && !answered && f_.is_running()) {
    if (!connection_.wait(kPatience, there)) continue;
    there = connection_.receive(order_, body_);
    answered = there && order_.type != vt::OrderType::tell;
    if (there && !answered) there = repeat();
  }
  in_loop ? take_lock() : f_.big_lock(__FILE__, __LINE__);
  if (!there) return release();
  if (!answered) return;  // the monitor stopped the machine: the timer brings us back when it goes on
  standing_ = false;
  if (order_.type != vt::OrderType::go) return release();
  obey(body_);
}

/// The report once more, with the console's unfinished line.
bool Gate::repeat() {
  if (console_) console_->tell_partial();
  return connection_.report(report_);
}

void Gate::obey(const std::vector<uint8_t>& body) {
  for (size_t at = 0; at + sizeof(vt::Record) <= body.size();) {
    vt::Record record;
    std::memcpy(&record, body.data() + at, sizeof record);
    at += sizeof record;
    if (record.length > body.size() - at) return release();
    const bool has_card = record.card < cards_.size();
    if (record.type == vt::RecordType::frame && has_card)
      deliver(record, body.data() + at);
    else if (record.type == vt::RecordType::console && console_)
      console_->type(record.time, body.data() + at, record.length);
    else if (record.type == vt::RecordType::partial && console_)
      console_->begin_line(body.data() + at, record.length);
    else if (record.type == vt::RecordType::carrier && has_card && record.length == 1)
      cards_[record.card].carrier->change(record.time, body[at] != 0);
    at += record.length;
  }
  f_.timer_mod_ns(&timer_, order_.until);
}

void Gate::release() {
  released_ = true;
  f_.timer_del(&timer_);
  f_.shutdown_request(qemu::kCauseHostQuit);
}

void Gate::deliver(const vt::Record& record, const uint8_t* data) {
  ++frames_waiting_;
  auto d = std::make_unique<Delivery>();
  d->gate = this;
  d->card = cards_[record.card].client;
  d->frame.assign(data, data + record.length);
  f_.timer_init_full(
      &d->timer, nullptr, qemu::kClockVirtual, qemu::kTimerScaleNs, 0,
      [](void* p) {
        const std::unique_ptr<Delivery> arrived(static_cast<Delivery*>(p));
        Gate& g = *arrived->gate;
        g.hand_over(arrived->card, arrived->frame);
      },
      d.get());
  f_.timer_mod_ns(&d.release()->timer, record.time);
}

void Gate::hand_over(void* card, const std::vector<uint8_t>& frame) {
  // A card that does not take it yet has it later, from QEMU's queue. Behind kQueue frames QEMU throws away
  // those that nobody wants to hear of again.
  const auto taken = [](void*, ssize_t) { --gate->frames_waiting_; };
  const bool room = frames_waiting_ < kQueue;
  if (f_.send_packet(card, frame.data(), static_cast<int>(frame.size()), room ? +taken : nullptr) != 0 ||
      !room)
    --frames_waiting_;
}

void Gate::ended() {
  if (released_) return;
  if (console_) console_->tell_partial();
  connection_.report({.type = vt::ReportType::goodbye,
                      .now = f_.clock_get_ns(qemu::kClockVirtual),
                      .instructions = f_.icount_get_raw()});
}

/// The text behind `key=` of an argument, or null.
const char* value_of(const char* argument, const char* key) {
  const size_t length = std::strlen(key);
  return std::strncmp(argument, key, length) == 0 && argument[length] == '=' ? argument + length + 1
                                                                             : nullptr;
}

}  // namespace

extern "C" {
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
}

__attribute__((constructor)) static void choose_interface() {
  qemu_plugin_version = qemu::plugin_interface();
}

extern "C" __attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void*, int argc,
                                                                          char** argv) {
  const char *net = nullptr, *console = nullptr;
  int fd = -1;
  bool check = false, rouse = false, narrow = false, told = false;
  for (int i = 0; i < argc; ++i) {
    if (const char* v = value_of(argv[i], "fd")) fd = std::atoi(v);
    if (const char* v = value_of(argv[i], "net")) net = v;
    if (const char* v = value_of(argv[i], "console")) console = v;
    if (value_of(argv[i], "check")) check = true;
    if (value_of(argv[i], "rouse")) rouse = true;
    if (const char* v = value_of(argv[i], "counter")) {
      narrow = std::strcmp(v, "narrow") == 0;
      told = std::strcmp(v, "told") == 0;
    }
  }
  qemu::Functions functions{};
  if (const char* name = qemu::resolve(functions)) {
    std::fprintf(stderr, "xedgesim-vt: this QEMU does not export %s\n", name);
    return -1;
  }
  if (check) return refuse("ready");
  if (fd < 0) return refuse("an argument fd=N is needed");
  if (rouse) keep_main_loop_awake(functions);
  if (!narrow) widen_counter_stores();
  if (told)
    std::atexit([] {
      const CounterStores c = counter_stores();
      std::fprintf(stderr, "xedgesim-vt: %llu of %llu blocks store 32 bits of the counter\n",
                   static_cast<unsigned long long>(c.widened), static_cast<unsigned long long>(c.blocks));
    });
  gate = new Gate(fd);
  const char* problem = gate->start(id, net, console);
  return problem ? refuse(problem) : 0;
}
