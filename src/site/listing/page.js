// Times become those of the reader's zone, a few milliseconds' worth before each frame.
document.getElementById('zone').textContent = Intl.DateTimeFormat().resolvedOptions().timeZone
let pause = performance.now() + 8
for (const time of document.querySelectorAll('time')) {
  const utc = new Date(time.dateTime)
  const local = new Date(utc - utc.getTimezoneOffset() * 60000)
  time.textContent = local.toISOString().slice(0, 16).replace('T', ' ')
  if (performance.now() > pause) {
    await new Promise(requestAnimationFrame)
    pause = performance.now() + 8
  }
}
