// Ways into the map programs that people have; each is given the coordinates that it counts in.

export function fill(list, { at, gcj, bd, label }) {
  const name = encodeURIComponent(label);
  const links = {
    amap: `https://uri.amap.com/navigation?to=${gcj},${name}&mode=walk&src=fieldops&callnative=1`,
    baidu: `https://api.map.baidu.com/marker?location=${bd[1]},${bd[0]}&title=${name}&content=${name}&coord_type=bd09ll&output=html&src=fieldops`,
    tencent: `https://apis.map.qq.com/uri/v1/marker?marker=coord:${gcj[1]},${gcj[0]};title:${name}&referer=fieldops`,
    osmand: `https://osmand.net/go?lat=${at[1]}&lon=${at[0]}&z=17`,
  };
  for (const link of list.querySelectorAll("a")) link.href = links[link.dataset.map];
}
