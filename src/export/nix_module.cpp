#include "export/nix_module.h"

namespace xedgesim::exporter {

const char* const kNixHost = R"nix(  cfg = config.services.xedgesim;

  machines = builtins.filter (m: builtins.elem m.name cfg.machines) data.machines;
  anyArm = builtins.any (m: m.arch == "aarch64") machines;
  addressed = builtins.concatMap (m: map (l: l // { name = m.name; }) m.leases) machines;

  # Debian's paths in the XML, and where this system has the same things.
  here = builtins.replaceStrings
    [
      "/usr/bin/qemu-system-aarch64"
      "/usr/bin/qemu-system-x86_64"
      "/usr/share/AAVMF/AAVMF_CODE.fd"
      "/usr/share/AAVMF/AAVMF_VARS.fd"
      "/usr/share/OVMF/OVMF_CODE_4M.fd"
      "/usr/share/OVMF/OVMF_VARS_4M.fd"
    ]
    [
      "${pkgs.qemu}/bin/qemu-system-aarch64"
      "${pkgs.qemu}/bin/qemu-system-x86_64"
      "${pkgs.qemu}/share/qemu/edk2-aarch64-code.fd"
      "${pkgs.qemu}/share/qemu/edk2-arm-vars.fd"
      "${pkgs.qemu}/share/qemu/edk2-x86_64-code.fd"
      "${pkgs.qemu}/share/qemu/edk2-i386-vars.fd"
    ];
  xmlFile = kind: x: pkgs.writeText "xedgesim-${kind}-${x.name}.xml" (here x.xml);

  # qemu-img's last words are the file, except for the size behind it.
  fileOf = arguments:
    builtins.head (builtins.filter (a: builtins.match "/var/lib/libvirt/images/.*" a != null)
      (lib.reverseList arguments));

  oneshot = script: {
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    path = [ pkgs.qemu pkgs.libvirt pkgs.iproute2 pkgs.openvswitch ];
    wantedBy = [ "multi-user.target" ];
    inherit script;
  };
in
{
  options.services.xedgesim = {
    enable = lib.mkEnableOption "the machines and networks of an xedgesim scenario";
    machines = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = map (m: m.name) data.machines;
      description = "Machines that are defined and started.";
    };
    profile = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = null;
      description = "File name of a profile (profile-constrained) that is in force after the start.";
    };
  };

  config = lib.mkIf cfg.enable {
    boot.kernelModules = [ "kvm-intel" "kvm-amd" "vhost_net" ];
    boot.binfmt.emulatedSystems = lib.optional anyArm "aarch64-linux";
    virtualisation.libvirtd.enable = true;
    virtualisation.libvirtd.qemu.package = pkgs.qemu;
    virtualisation.vswitch.enable = data.ovsBridges != [ ];

    services.dnsmasq = lib.mkIf (data.lan != null) {
      enable = true;
      settings = {
        interface = data.lan.interface;
        bind-dynamic = true;
        dhcp-range = [ "${data.lan.dhcpStart},${data.lan.dhcpEnd},12h" ];
        dhcp-host = map (m: "${m.mac},${m.name},${m.ip}") addressed;
        address = map (m: "/${m.name}.${data.lan.domain}/${m.ip}") addressed;
      };
    };

    systemd.services.xedgesim-bridges = (oneshot ''
      ${lib.concatMapStrings (b: ''
        ovs-vsctl --may-exist add-br ${lib.escapeShellArg b}
      '') data.ovsBridges}
      ${lib.concatMapStrings (n: ''
        virsh net-info ${lib.escapeShellArg n.name} >/dev/null 2>&1 || virsh net-define ${xmlFile "network" n}
        virsh net-start ${lib.escapeShellArg n.name} || true
      '') data.networks}
    '') // {
      description = "Bridges of the xedgesim scenario";
      after = [ "libvirtd.service" "ovs-vswitchd.service" ];
      wants = [ "libvirtd.service" ];
    };

    systemd.services.xedgesim-machines = (oneshot ''
      mkdir -p /var/lib/libvirt/images /var/lib/libvirt/qemu/nvram
      ${lib.concatMapStrings (m: ''
        ${lib.concatMapStrings (d: ''
          [ -e ${lib.escapeShellArg (fileOf d)} ] || ${lib.escapeShellArgs d}
        '') m.disks}
        virsh define --validate ${xmlFile "machine" m}
        virsh start ${lib.escapeShellArg m.name} || true
      '') machines}
    '') // {
      description = "Machines of the xedgesim scenario";
      after = [ "xedgesim-bridges.service" ];
      requires = [ "xedgesim-bridges.service" ];
    };

    # After the machines: their ports exist only while they run.
    systemd.services.xedgesim-network = (oneshot ''
      ${data.ovs.apply}
      ${data.tc.apply}
      ${lib.optionalString (cfg.profile != null) data.tc.${cfg.profile}}
    '') // {
      description = "Switch ports and shaping of the xedgesim scenario";
      after = [ "xedgesim-machines.service" ];
      requires = [ "xedgesim-machines.service" ];
    };

    environment.systemPackages = [ pkgs.libvirt pkgs.qemu pkgs.openvswitch pkgs.iproute2 pkgs.tcpdump ];
  };
}
)nix";

const char* const kNixGuest = R"nix(  agent = data.k3s != null && data.k3s.role == "agent";
in
{
  networking.hostName = data.name;
  networking.useDHCP = lib.mkDefault true;
  services.qemuGuest.enable = true;
  services.openssh.enable = lib.mkDefault true;

  # The token's file is put there by hand: what Nix stores, everybody can read.
  services.k3s = lib.mkIf (data.k3s != null) ({
    enable = true;
    role = data.k3s.role;
    tokenFile = data.k3s.tokenFile;
    extraFlags = lib.escapeShellArgs data.k3s.flags;
  } // lib.optionalAttrs agent { serverAddr = data.k3s.serverAddr; });
  networking.firewall.allowedTCPPorts = lib.optionals (data.k3s != null && !agent) [ 6443 ];
}
)nix";

}  // namespace xedgesim::exporter
