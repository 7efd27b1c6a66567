//! Images made anew from their pixels: what else was in the file (places, cameras, a second file at its end) is gone.

use super::LARGEST_BYTES;
use super::kind::{self, Kind};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// The longest side, in pixels.
const LONGEST_SIDE: u32 = 12_000;
/// The most pixels: a good camera's picture.
const MOST_PIXELS: u64 = 40_000_000;
/// What a decoder may take.
const MOST_BYTES: u64 = 256 << 20;
/// Fine print stays readable.
const JPEG_QUALITY: u8 = 90;

/// Why a file is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// None of the formats, or broken.
    Format,
    /// Too many pixels.
    TooLarge,
}

/// The file as it may be kept: an image made anew, a PDF that does nothing by itself. Slow, and large in memory: not for
/// a thread that others wait for.
///
/// # Errors
/// It is unfit.
pub fn clean(bytes: Vec<u8>) -> Result<(Kind, Vec<u8>), Unfit> {
    let kind = Kind::of(&bytes).ok_or(Unfit::Format)?;
    let format = match kind {
        Kind::Pdf if kind::is_quiet_pdf(&bytes) => return Ok((kind, bytes)),
        Kind::Pdf => return Err(Unfit::Format),
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Webp => ImageFormat::WebP,
    };
    let image = decoded(&bytes, format)?;
    drop(bytes);
    if kind == Kind::Jpeg {
        return Ok((kind, small(jpeg(&image)?)?));
    }
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).map_err(|_| Unfit::Format)?;
    match small(png.into_inner()) {
        Ok(png) => Ok((kind, png)),
        // A photograph in a format that kept it small: as a PNG it would be larger than a file may be.
        Err(Unfit::TooLarge) if !image.color().has_alpha() => Ok((Kind::Jpeg, small(jpeg(&image)?)?)),
        Err(unfit) => Err(unfit),
    }
}

fn jpeg(image: &DynamicImage) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    image.to_rgb8().write_with_encoder(encoder).map_err(|_| Unfit::Format)?;
    Ok(bytes.into_inner())
}

/// What is kept is no larger than what is taken: it must be read again.
fn small(bytes: Vec<u8>) -> Result<Vec<u8>, Unfit> {
    if bytes.len() > LARGEST_BYTES { Err(Unfit::TooLarge) } else { Ok(bytes) }
}

fn decoded(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, Unfit> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unfit)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Unfit::TooLarge);
    }
    // Which way is up is told beside the pixels, and would be lost with the rest.
    let orientation = decoder.orientation();
    let mut image = DynamicImage::from_decoder(decoder).map_err(unfit)?;
    if let Ok(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

fn unfit(error: image::ImageError) -> Unfit {
    match error {
        image::ImageError::Limits(_) => Unfit::TooLarge,
        _ => Unfit::Format,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        let image =
            image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 7) as u8, (y * 5) as u8, 90]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(image).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn what_is_not_the_picture_is_gone() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let mut bytes = picture(format, 40, 30);
            bytes.extend_from_slice(b"<script>alert(1)</script>PK\x05\x06");
            let (kind, clean) = clean(bytes).unwrap();
            assert!(!clean.windows(8).any(|window| window == b"<script>"));
            let again = image::load_from_memory(&clean).unwrap();
            assert_eq!((again.width(), again.height()), (40, 30));
            assert_eq!(Kind::of(&clean).unwrap().media_type(), kind.media_type());
        }
    }

    /// Noise, which no format without loss makes smaller: what comes out must still be readable from every vault.
    #[test]
    fn what_is_kept_is_no_larger_than_what_is_taken() {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let opaque = image::RgbImage::from_fn(2_400, 1_600, |_, _| image::Rgb([noise(), noise(), noise()]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(opaque).write_to(&mut bytes, ImageFormat::WebP).unwrap();
        let (kind, kept) = clean(bytes.into_inner()).unwrap();
        assert!(kind == Kind::Jpeg && Kind::of(&kept) == Some(Kind::Jpeg) && kept.len() <= LARGEST_BYTES);
        let clear =
            image::RgbaImage::from_fn(2_400, 1_600, |_, _| image::Rgba([noise(), noise(), noise(), noise()]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgba8(clear).write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert_eq!(clean(bytes.into_inner()).unwrap_err(), Unfit::TooLarge);
    }

    #[test]
    fn a_picture_stays_the_way_up_it_was_meant() {
        let jpeg = picture(ImageFormat::Jpeg, 40, 30);
        // An EXIF block that says: a quarter turn (orientation 6).
        let mut exif =
            b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
                .to_vec();
        let mut turned = jpeg[..2].to_vec();
        turned.append(&mut exif);
        turned.extend_from_slice(&jpeg[2..]);
        let (_, clean) = clean(turned).unwrap();
        let again = image::load_from_memory(&clean).unwrap();
        assert_eq!((again.width(), again.height()), (30, 40));
        assert!(!clean.windows(4).any(|window| window == b"Exif"));
    }

    #[test]
    fn what_is_broken_or_huge_is_unfit() {
        let png = picture(ImageFormat::Png, 40, 30);
        assert_eq!(clean(png[..png.len() / 2].to_vec()), Err(Unfit::Format));
        assert_eq!(clean(png[..8].to_vec()), Err(Unfit::Format));
        assert_eq!(clean(Vec::new()), Err(Unfit::Format));
        assert_eq!(clean(b"GIF89a\x01\0\x01\0".to_vec()), Err(Unfit::Format));
        // A few kilobytes that would be a picture of a billion pixels.
        let mut bomb = png;
        bomb[16..20].copy_from_slice(&31_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&31_000_u32.to_be_bytes());
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(clean(bomb), Err(Unfit::TooLarge));
    }

    #[test]
    fn many_pixels_within_the_sides_are_too_many_all_the_same() {
        let mut bomb = picture(ImageFormat::Png, 40, 30);
        bomb[16..20].copy_from_slice(&11_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&11_000_u32.to_be_bytes());
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(clean(bomb), Err(Unfit::TooLarge));
    }

    /// CRC-32 of ISO 3309, as PNG's chunks carry it.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(
                sum ^ u32::from(*byte),
                |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 },
            )
        })
    }
}
