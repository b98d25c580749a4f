import re
def resolve(f, picks):
    s=open(f).read()
    parts=re.split(r'<<<<<<< HEAD\n(.*?)=======\n(.*?)>>>>>>> [0-9a-f]+\n', s, flags=re.S)
    out=parts[0]; k=0
    for i in range(1,len(parts),3):
        a,b,rest=parts[i],parts[i+1],parts[i+2]
        p=picks[k] if k<len(picks) else None
        assert p is not None,(f,k,a,b)
        out+= p(a,b) if callable(p) else p
        out+=rest; k+=1
    assert k==len(picks),(f,k)
    open(f,'w').write(out)
A=lambda a,b:a
B=lambda a,b:b
AB=lambda a,b:a+b
resolve('scripts/setup',[lambda a,b:'  libpugixml-dev libslirp-dev libarchive-dev libboost-dev\n'])
resolve('src/cli/image_command.cpp',[lambda a,b:a+'\n'+b, lambda a,b:'    show(image, arch);\n    hand_to_containers(flags, image);\n'])
resolve('src/cli/up_command.cpp',[lambda a,b:b.replace('vm, container or process','vm, container, process or host')])
resolve('src/live/CMakeLists.txt',[lambda a,b:a.replace('DEPENDS system vm LINK','DEPENDS system container vm LINK')])
resolve('src/live/lab.h',[lambda a,b:'#include "live/event_loop.h"\n#include "live/guest.h"\n#include "live/host_network.h"\n#include "live/open_vswitch.h"\n',
  lambda a,b:a.replace('  std::vector<std::unique_ptr<Machine>> machines_;\n','')+b])
resolve('src/live/resident.cpp',[lambda a,b:b+a.split('\n',1)[1]])
resolve('src/live/state_folder.cpp',[lambda a,b:b+a, lambda a,b:b+a])
resolve('src/scenario/describe_linux.cpp',[lambda a,b:b+'\n'.join(l for l in a.split('\n') if '"volumes"' not in l)])
resolve('src/scenario/linux_node.h',[AB])
resolve('src/system/ethernet.cpp',[B,B,B])
resolve('src/system/machines.cpp',[lambda a,b:a.split('\n',1)[0]+'\n'+b])
resolve('src/system/system.cpp',[lambda a,b:a.split('\n',1)[0]+'\n'+b])
