/** The words of the voice's controls. They come with the voice, in the page's language. */

const en = {
  voice: "Voice",
  pause: "Pause",
  resume: "Play",
  mute: "Mute",
  volume: "Volume",
  device: "This device’s voice",
  deviceReads: "This device reads with its own voice.",
  none: "There is no voice for this language here. The captions go on.",
  blocked: "Your browser asks for one more tap: “Play”.",
  failing: "The voice does not come through. The captions go on.",
  skipped: "The voice has skipped ahead to stay with the talk.",
  unheard: "Not read aloud",
};

const es = {
  voice: "Voz",
  pause: "Pausa",
  resume: "Reproducir",
  mute: "Silenciar",
  volume: "Volumen",
  device: "Voz de este dispositivo",
  deviceReads: "Este dispositivo lee con su propia voz.",
  none: "Aquí no hay voz para este idioma. Los subtítulos continúan.",
  blocked: "Su navegador pide un toque más: «Reproducir».",
  failing: "La voz no llega. Los subtítulos continúan.",
  skipped: "La voz ha saltado adelante para seguir la charla.",
  unheard: "No leído en voz alta",
};

const pt = {
  voice: "Voz",
  pause: "Pausar",
  resume: "Reproduzir",
  mute: "Silenciar",
  volume: "Volume",
  device: "Voz deste aparelho",
  deviceReads: "Este aparelho lê com a própria voz.",
  none: "Não há voz para este idioma aqui. As legendas continuam.",
  blocked: "O navegador pede mais um toque: “Reproduzir”.",
  failing: "A voz não está chegando. As legendas continuam.",
  skipped: "A voz pulou adiante para acompanhar a fala.",
  unheard: "Não lido em voz alta",
};

const fr = {
  voice: "Voix",
  pause: "Pause",
  resume: "Lire",
  mute: "Couper le son",
  volume: "Volume",
  device: "Voix de cet appareil",
  deviceReads: "Cet appareil lit avec sa propre voix.",
  none: "Il n’y a pas de voix pour cette langue ici. Les sous-titres continuent.",
  blocked: "Votre navigateur demande encore un appui : « Lire ».",
  failing: "La voix ne passe pas. Les sous-titres continuent.",
  skipped: "La voix a sauté un passage pour suivre le direct.",
  unheard: "Non lu à voix haute",
};

const it = {
  voice: "Voce",
  pause: "Pausa",
  resume: "Riproduci",
  mute: "Disattiva audio",
  volume: "Volume",
  device: "Voce di questo dispositivo",
  deviceReads: "Questo dispositivo legge con la propria voce.",
  none: "Qui non c’è una voce per questa lingua. I sottotitoli continuano.",
  blocked: "Il browser chiede ancora un tocco: «Riproduci».",
  failing: "La voce non arriva. I sottotitoli continuano.",
  skipped: "La voce è andata avanti per seguire il discorso.",
  unheard: "Non letto ad alta voce",
};

const ca = {
  voice: "Veu",
  pause: "Pausa",
  resume: "Reprodueix",
  mute: "Silencia",
  volume: "Volum",
  device: "Veu d’aquest dispositiu",
  deviceReads: "Aquest dispositiu llegeix amb la seva pròpia veu.",
  none: "Aquí no hi ha veu per a aquesta llengua. Els subtítols continuen.",
  blocked: "El navegador demana un toc més: «Reprodueix».",
  failing: "La veu no arriba. Els subtítols continuen.",
  skipped: "La veu ha saltat endavant per seguir la xerrada.",
  unheard: "No llegit en veu alta",
};

const gl = {
  voice: "Voz",
  pause: "Pausa",
  resume: "Reproducir",
  mute: "Silenciar",
  volume: "Volume",
  device: "Voz deste dispositivo",
  deviceReads: "Este dispositivo le coa súa propia voz.",
  none: "Aquí non hai voz para esta lingua. Os subtítulos continúan.",
  blocked: "O navegador pide un toque máis: «Reproducir».",
  failing: "A voz non chega. Os subtítulos continúan.",
  skipped: "A voz saltou adiante para seguir a charla.",
  unheard: "Non lido en voz alta",
};

const de = {
  voice: "Stimme",
  pause: "Pause",
  resume: "Abspielen",
  mute: "Stumm",
  volume: "Lautstärke",
  device: "Stimme dieses Geräts",
  deviceReads: "Dieses Gerät liest mit seiner eigenen Stimme vor.",
  none: "Für diese Sprache gibt es hier keine Stimme. Die Untertitel laufen weiter.",
  blocked: "Der Browser verlangt noch ein Antippen: „Abspielen“.",
  failing: "Die Stimme kommt nicht an. Die Untertitel laufen weiter.",
  skipped: "Die Stimme ist vorgesprungen, um mit der Rede Schritt zu halten.",
  unheard: "Nicht vorgelesen",
};

const ar = {
  voice: "الصوت",
  pause: "إيقاف مؤقت",
  resume: "تشغيل",
  mute: "كتم الصوت",
  volume: "مستوى الصوت",
  device: "صوت هذا الجهاز",
  deviceReads: "يقرأ هذا الجهاز بصوته الخاص.",
  none: "لا يوجد هنا صوت لهذه اللغة. الترجمة المكتوبة مستمرة.",
  blocked: "يطلب المتصفح لمسة أخرى: «تشغيل».",
  failing: "الصوت لا يصل. الترجمة المكتوبة مستمرة.",
  skipped: "تقدّم الصوت ليواكب الحديث.",
  unheard: "لم يُقرأ بصوت عالٍ",
};

/** @type {Record<string, typeof en>} */
const WORDS = { en, es, pt, fr, it, ca, gl, de, ar };

/** In the language that the page is in. @param {keyof typeof en} key */
export function playerWord(key) {
  return (WORDS[document.documentElement.lang] ?? en)[key];
}
