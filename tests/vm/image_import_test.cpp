// Container images: layers, whiteouts, what is refused; archives are made here, byte by byte.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "base/error.h"
#include "base/rng.h"
#include "container_archive.h"
#include "spoiled_bytes.h"
#include "temporary_folder.h"
#include "vm/image/image_importer.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

std::string whole(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string refused(const std::function<void()>& f) {
  try {
    f();
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "nothing was refused";
}

RootTree tree_of(const std::vector<TarWriter>& layers) {
  RootTree root;
  for (const TarWriter& l : layers) root.apply(read_layer(l.archive(), "x"), "x");
  return root;
}

class ImageImport : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = archives_missing(); !why.empty()) GTEST_SKIP() << why;
    for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
      const fs::path base = store_.content_folder("base", arch, "abc");
      put(base / "kernel", "k");
      put(base / "initrd", "initrd");
      store_.select("base", arch, "abc");
    }
  }
  Image import(const fs::path& source, const std::string& name = "small", Arch arch = Arch::x86_64) {
    return ImageImporter({.store = store_}).import({.path = source, .name = name, .arch = arch});
  }
  std::string refusal_of(const std::string& archive) {
    put(scratch_ / "in.tar", archive);
    return refused([this] { import(scratch_ / "in.tar"); });
  }
  /// A small image whose program is /app.
  static ContainerArchive small() {
    TarWriter layer;
    layer.file("app", "#!", 0755);
    return {.layers = {layer.archive()}, .config = R"({"Entrypoint":["/app"],"Env":["A=it's"]})"};
  }

  TemporaryFolder scratch_;
  ImageStore store_{scratch_ / "store"};
};

TEST_F(ImageImport, LayersReplaceAndTakeAway) {
  TarWriter one, two;
  one.file("etc/keep", "1");
  one.file("etc/gone", "1");
  one.file("var/cache/a", "1");
  one.file("var/cache/deep/b", "1");
  one.file("opt/was-folder/x", "1");
  one.file("was-file", "1");
  one.folder("usr/bin");
  one.link("bin", "usr/bin");
  two.file("etc/.wh.gone", "");
  two.file("var/cache/.wh..wh..opq", "");
  two.file("var/cache/new", "2");
  two.file("opt/was-folder", "2");
  two.file("was-file/inside", "2");
  two.file("bin/tool", "2", 0755);
  two.file("./etc/keep", "2", 0600, 7);
  two.hard_link("bin/twin", "usr/bin/tool");
  const RootTree root = tree_of({one, two});
  EXPECT_EQ(*root.text("etc/keep"), "2");
  EXPECT_FALSE(root.text("etc/gone"));
  EXPECT_FALSE(root.text("etc/.wh.gone"));
  EXPECT_FALSE(root.text("var/cache/a"));
  EXPECT_FALSE(root.resolve("var/cache/deep"));
  EXPECT_EQ(*root.text("var/cache/new"), "2");
  EXPECT_EQ(*root.text("opt/was-folder"), "2");
  EXPECT_FALSE(root.resolve("opt/was-folder/x"));
  EXPECT_EQ(*root.text("was-file/inside"), "2");
  EXPECT_EQ(root.resolve("bin/tool"), "usr/bin/tool");
  EXPECT_TRUE(root.runnable("/bin/twin"));
  EXPECT_EQ(root.bytes(), 5);  // five files of one byte, one of them with two names
  // A whiteout of a layer is for those below, whatever its order.
  TarWriter three;
  three.file("etc/fresh", "3");
  three.file("etc/.wh.fresh", "");
  three.file("etc/.wh..wh..opq", "");
  const RootTree after = tree_of({one, three});
  EXPECT_EQ(*after.text("etc/fresh"), "3");
  EXPECT_FALSE(after.text("etc/keep"));
}

TEST_F(ImageImport, FormsOfOneImageGiveOneRoot) {
  const ContainerArchive image = small();
  put(scratch_ / "saved.tar", image.saved());
  const Image a = import(scratch_ / "saved.tar", "");
  EXPECT_EQ(a.name, "small");  // of its tag
  const std::string initrd = whole(a.initrd);
  EXPECT_EQ(initrd.substr(0, 8), std::string("initrd\0\0", 8));
  EXPECT_NE(initrd.find("container/app"), std::string::npos);
  EXPECT_NE(initrd.find("'A=it'\\''s'"), std::string::npos);
  EXPECT_NE(initrd.find("set -- '/app'"), std::string::npos);

  run_to_end({"gzip", "-k", (scratch_ / "saved.tar").string()}, Duration::s(20));
  EXPECT_EQ(import(scratch_ / "saved.tar.gz").content, a.content);

  image.lay_out(scratch_ / "layout", [this](const std::string& layer) {
    put(scratch_ / "layer", layer);
    run_to_end({"gzip", "-f", (scratch_ / "layer").string()}, Duration::s(20));
    return whole(scratch_ / "layer.gz");
  });
  EXPECT_EQ(import(scratch_ / "layout").content, a.content);
  run_to_end({"tar", "-C", (scratch_ / "layout").string(), "-cf", (scratch_ / "oci.tar").string(), "."},
             Duration::s(20));
  EXPECT_EQ(import(scratch_ / "oci.tar").content, a.content);
  EXPECT_EQ(store_.names(), (std::vector<std::string>{"base", "small"}));

  put(scratch_ / "root/app", "#!");
  fs::permissions(scratch_ / "root/app", fs::perms(0755));
  fs::create_hard_link(scratch_ / "root/app", scratch_ / "root/other");
  const Image folder = import(scratch_ / "root", "folder");
  const std::string of_folder = whole(folder.initrd);
  const size_t second = of_folder.find("container/other");  // has no contents of its own
  EXPECT_LT(of_folder.find("#!", of_folder.find("container/app")), second);
  EXPECT_GT(of_folder.find("#!", second), of_folder.find("etc/xedgesim-services"));
  EXPECT_EQ(of_folder.find("set -- '"), std::string::npos);  // it says of no program
}

/// Programs that pack files; what they leave has the suffix.
class PackedImport : public ImageImport,
                     public ::testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(PackedImport, AnImageItsLayersAndARootAreUnpacked) {
  const auto [program, suffix] = GetParam();
  if (find_program(program).empty())
    GTEST_SKIP() << program << " is not installed: scripts/setup --with tests";
  const auto packed = [&, p = program, s = suffix](const std::string& bytes) {
    put(scratch_ / "plain", bytes);
    run_to_end({p, "-k", "-f", "-q", (scratch_ / "plain").string()}, Duration::s(20));
    return whole(scratch_ / (std::string("plain") + s));
  };
  const ContainerArchive image = small();
  put(scratch_ / "saved.tar", image.saved());
  const Image plain = import(scratch_ / "saved.tar", "");
  put(scratch_ / "saved.packed", packed(image.saved()));  // what it is packed by is not told by its name
  EXPECT_NE(whole(scratch_ / "saved.packed"), image.saved());
  EXPECT_EQ(import(scratch_ / "saved.packed").content, plain.content);
  image.lay_out(scratch_ / "layout", packed);
  EXPECT_EQ(import(scratch_ / "layout").content, plain.content);

  TarWriter root;
  root.file("app", "#!", 0755);
  root.folder("bin");
  put(scratch_ / "root.tar", root.archive());
  put(scratch_ / "root.packed", packed(root.archive()));
  EXPECT_EQ(import(scratch_ / "root.packed", "root").content, import(scratch_ / "root.tar", "root").content);

  const std::string whole_file = whole(scratch_ / "saved.packed");
  const std::string cut = refusal_of(whole_file.substr(0, whole_file.size() / 2));
  EXPECT_NE(cut.find("is no tar archive: "), std::string::npos) << cut;
}

INSTANTIATE_TEST_SUITE_P(Programs, PackedImport,
                         ::testing::Values(std::pair{"gzip", ".gz"}, std::pair{"zstd", ".zst"},
                                           std::pair{"xz", ".xz"}, std::pair{"bzip2", ".bz2"}),
                         [](const auto& i) { return std::string(i.param.first); });

TEST_F(ImageImport, RefusesWhatIsHostile) {
  const auto with = [this](const std::function<void(TarWriter&)>& add) {
    TarWriter layer;
    layer.file("app", "#!", 0755);
    add(layer);
    ContainerArchive image = small();
    image.layers = {layer.archive()};
    return refusal_of(image.saved());
  };
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 0) << text;
  };
  has(with([](TarWriter& t) { t.file("../../etc/passwd", "x"); }), "leads out of the image");
  has(with([](TarWriter& t) { t.file("a/../../b", "x"); }), "leads out of the image");
  has(with([](TarWriter& t) { t.link("a/out", "../../etc"); }), "leads out of the image");
  has(with([](TarWriter& t) { t.hard_link("a", "../../etc/passwd"); }), "leads out of the image");
  has(with([](TarWriter& t) { t.hard_link("a", "etc/shadow"); }), "is no file of the image");
  has(with([](TarWriter& t) { t.device("etc/null"); }), "is a device");
  has(with([](TarWriter& t) {
        t.link("loop", "loop");
        t.file("loop/x", "x");
      }),
      "leads nowhere");
  EXPECT_EQ(with([](TarWriter& t) {
              t.device("dev/null");
              t.link("etc/mtab", "/proc/mounts");
              t.link("usr/sbin", "../usr/bin");
            }),
            "nothing was refused");
  ContainerArchive image = small();
  image.architecture = "arm64";
  has(refusal_of(image.saved()), "is for the processor arm64, and x86_64 (amd64) is wanted");
  put(scratch_ / "arm.tar", image.saved());
  EXPECT_EQ(import(scratch_ / "arm.tar", "arm", Arch::aarch64).arch, Arch::aarch64);
  image = small();
  image.config = R"({"Cmd":["nosuch"]})";
  has(refusal_of(image.saved()), "its program 'nosuch' is no file in it");
  image.config = R"({"Cmd":["/app"],"User":"nobody"})";
  has(refusal_of(image.saved()), "the user 'nobody', whom its /etc/passwd does not have");
  image.config = R"({"Cmd":"/app"})";
  has(refusal_of(image.saved()), "'Cmd' is no list");
  image.config = R"({"Cmd":["/app"],"Env":["nothing"]})";
  has(refusal_of(image.saved()), "is no NAME=value");
  TarWriter empty;
  empty.file("readme", "x");
  has(refusal_of(empty.archive()), "is neither an image saved by Docker");
  has(refusal_of("this is no archive, not at all; it is a text of some length, and nothing else"), "tar");
  has(refused([this] { import(scratch_ / "nowhere"); }), "there is no such file");
  put(scratch_ / "in.tar", small().saved());
  has(refused([this] { import(scratch_ / "in.tar", "a/b"); }), "is no name for an image");
  // A layout that names a file outside of it.
  small().lay_out(scratch_ / "layout", [](const std::string& l) { return l; });
  fs::rename(scratch_ / "layout/index.json", scratch_ / "index");
  fs::create_symlink(scratch_ / "index", scratch_ / "layout/index.json");
  has(refused([this] { import(scratch_ / "layout"); }), "leads out of the folder");
}

TEST_F(ImageImport, RefusesWhatIsDamaged) {
  const std::string good = small().saved();
  for (size_t size = 0; size + 1024 < good.size(); size += 256)
    EXPECT_NE(refusal_of(good.substr(0, size)), "nothing was refused") << size;
  // A bit of the layer, past its header.
  std::string bad = good;
  bad[512 * 3 + 4] ^= 1;
  EXPECT_NE(refusal_of(bad), "nothing was refused");
  small().lay_out(scratch_ / "layout", [](const std::string& l) { return l; });
  for (const auto& e : fs::directory_iterator(scratch_ / "layout/blobs/sha256")) {
    const std::string before = whole(e.path());
    put(e.path(), before.substr(0, before.size() / 2));
    EXPECT_NE(refused([this] { import(scratch_ / "layout"); }).find("is damaged"), std::string::npos);
    put(e.path(), before);
  }
  RandomStream r(1, "image", "spoiled");
  for (int i = 0; i < 300; ++i) {
    sim::Bytes bytes(good.begin(), good.end());
    spoil(bytes, r);
    refusal_of(std::string(bytes.begin(), bytes.end()));  // any answer, but no crash
  }
}

}  // namespace
}  // namespace xedgesim::vm
