/**
 * A video of one pixel that keeps a screen on while it plays. Its clip has a picture and a silent sound
 * that is not muted, because of what engines ask of such a video: Blink (VideoWakeLock) to be large or to
 * have a sound, Gecko (HTMLVideoElement) a picture and a sound, WebKit (shouldDisableSleep) both, and no
 * `loop`. So it begins again by itself, before its end.
 */
import { element } from "./elements.js";
import { SILENT_CLIP } from "./silent-clip.js";

/** The clip has four seconds, and browsers tell the time four times a second. */
const AGAIN_AFTER_SECONDS = 3;

const bytes = Uint8Array.from(atob(SILENT_CLIP), (character) => character.charCodeAt(0));
const clip = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));

export function awakeVideo() {
  const video = element("video", "awake");
  video.src = clip;
  video.playsInline = video.disablePictureInPicture = video.disableRemotePlayback = true;
  video.ariaHidden = "true";
  video.addEventListener("timeupdate", () => {
    if (video.currentTime > AGAIN_AFTER_SECONDS) video.currentTime = 0;
  });
  // A busy page may have missed the moment.
  video.addEventListener("ended", () => video.play().catch(() => {}));
  document.body.append(video);
  return video;
}
