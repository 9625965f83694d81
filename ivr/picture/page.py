"""What Graphviz drew, as a page to print and as a page to walk about in. Both stand alone: nothing is loaded."""

import re
from html import escape

A4 = (210.0, 297.0)
MARGIN = 10.0
"""Millimetres."""


def printed(svg: str, title: str) -> str:
    """``svg`` on one A4 page, upright or lying, whichever it fills better, with ``title`` as a heading."""
    width, height = _size(svg)
    scale, page = max(
        (min((page[0] - 2 * MARGIN) / width, (page[1] - 3 * MARGIN) / height), page) for page in (A4, A4[::-1])
    )
    x = (page[0] - width * scale) / 2
    drawn = re.sub(
        r'width="[\d.]+pt" height="[\d.]+pt"',
        f'x="{x:.2f}" y="{2 * MARGIN:.2f}" width="{width * scale:.2f}" height="{height * scale:.2f}"',
        _inner(svg),
        count=1,
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" width="{page[0]}mm" height="{page[1]}mm" '
        f'viewBox="0 0 {page[0]} {page[1]}"><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="{MARGIN}" y="{1.5 * MARGIN}" font-family="DejaVu Sans, sans-serif" font-size="5" fill="#1f2933">'
        f"{escape(title)}</text>\n{drawn}\n</svg>\n"
    )


def viewer(svg: str, title: str) -> str:
    """``svg`` in an HTML page: drag to pan, wheel or pinch or keys to zoom, hover for the whole text."""
    drawn = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'id="drawing"', _inner(svg), count=1)
    return _PAGE.replace("{title}", escape(title)).replace("{svg}", drawn)


def _size(svg: str) -> tuple[float, float]:
    """Width and height in points. Raises ``ValueError`` for what Graphviz did not draw."""
    found = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if found is None:
        raise ValueError("not a drawing of Graphviz")
    return float(found[1]), float(found[2])


def _inner(svg: str) -> str:
    """The ``<svg>`` element, without what stands before it."""
    return svg[svg.index("<svg") :].strip()


_PAGE = """<!doctype html>
<html lang="pl"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html,body{margin:0;height:100%;background:#f5f7fa;font:15px/1.4 "DejaVu Sans",system-ui,sans-serif;color:#1f2933}
header{position:fixed;inset:0 0 auto 0;display:flex;gap:.6em;align-items:center;padding:.5em 1em;background:#fff;
border-bottom:1px solid #cbd2d9;z-index:1}
h1{font-size:1em;margin:0;flex:1}
button{font:inherit;padding:.2em .8em;border:1px solid #9aa5b1;border-radius:.4em;background:#fff;cursor:pointer}
button:focus-visible{outline:3px solid #2680c2}
#drawing{position:fixed;top:3em;left:0;width:100%;height:calc(100% - 3em);cursor:grab;touch-action:none}
#drawing.dragged{cursor:grabbing}
</style></head><body>
<header><h1>{title}</h1>
<button id="in" aria-label="Powiększ">+</button><button id="out" aria-label="Pomniejsz">−</button>
<button id="all">Całość</button></header>
{svg}
<script>
"use strict";
const svg=document.getElementById("drawing"),whole=svg.viewBox.baseVal;
const first={x:whole.x,y:whole.y,w:whole.width,h:whole.height};let box={...first};
const show=()=>svg.setAttribute("viewBox",[box.x,box.y,box.w,box.h].join(" "));
const zoom=(by,cx,cy)=>{const r=svg.getBoundingClientRect();
const s=Math.max(box.w/r.width,box.h/r.height);
const px=box.x+box.w/2+((cx??r.left+r.width/2)-r.left-r.width/2)*s;
const py=box.y+box.h/2+((cy??r.top+r.height/2)-r.top-r.height/2)*s;
const w=Math.min(first.w*4,Math.max(first.w/40,box.w*by)),k=w/box.w;
box={x:px-(px-box.x)*k,y:py-(py-box.y)*k,w,h:box.h*k};show()};
svg.addEventListener("wheel",e=>{e.preventDefault();zoom(e.deltaY>0?1.15:1/1.15,e.clientX,e.clientY)},{passive:false});
const held=new Map();let apart=0;
const spread=()=>{const[a,b]=[...held.values()];return Math.hypot(a.x-b.x,a.y-b.y)};
svg.addEventListener("pointerdown",e=>{held.set(e.pointerId,{x:e.clientX,y:e.clientY});svg.setPointerCapture(e.pointerId);
svg.classList.add("dragged");if(held.size===2)apart=spread()});
svg.addEventListener("pointermove",e=>{const was=held.get(e.pointerId);if(!was)return;
const r=svg.getBoundingClientRect(),s=Math.max(box.w/r.width,box.h/r.height);
held.set(e.pointerId,{x:e.clientX,y:e.clientY});
if(held.size===1){box.x-=(e.clientX-was.x)*s;box.y-=(e.clientY-was.y)*s;show()}
else if(held.size===2){const now=spread();zoom(apart/now);apart=now}});
const drop=e=>{held.delete(e.pointerId);svg.classList.remove("dragged")};
svg.addEventListener("pointerup",drop);svg.addEventListener("pointercancel",drop);
const all=()=>{box={...first};show()};
document.getElementById("in").onclick=()=>zoom(1/1.3);
document.getElementById("out").onclick=()=>zoom(1.3);
document.getElementById("all").onclick=all;
addEventListener("keydown",e=>{const d=box.w/10;
const keys={"+":()=>zoom(1/1.3),"=":()=>zoom(1/1.3),"-":()=>zoom(1.3),"0":all,
ArrowLeft:()=>{box.x-=d;show()},ArrowRight:()=>{box.x+=d;show()},
ArrowUp:()=>{box.y-=d;show()},ArrowDown:()=>{box.y+=d;show()}};
if(keys[e.key]){e.preventDefault();keys[e.key]()}});
</script></body></html>
"""
